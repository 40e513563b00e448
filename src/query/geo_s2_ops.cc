/* SPDX-License-Identifier: Apache-2.0 */
/* geo_s2_ops.cc - shapes from shapes: union, intersection, buffer, simpler and denser
 * ones, over the S2 library.  Sets are closed: borders and ends belong to the shape. */
#include "query/geo_s2_priv.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include <s2/s2boolean_operation.h>
#include <s2/s2buffer_operation.h>
#include <s2/s2builder.h>
#include <s2/s2builderutil_closed_set_normalizer.h>
#include <s2/s2builderutil_s2point_vector_layer.h>
#include <s2/s2builderutil_s2polygon_layer.h>
#include <s2/s2builderutil_s2polyline_vector_layer.h>
#include <s2/s2builderutil_snap_functions.h>
#include <s2/s2edge_tessellator.h>
#include <s2/s2projections.h>

using s2builderutil::IdentitySnapFunction;
using s2builderutil::S2PointVectorLayer;
using s2builderutil::S2PolygonLayer;
using s2builderutil::S2PolylineVectorLayer;
using Layers = std::vector<std::unique_ptr<S2Builder::Layer>>;

namespace {

/* The output of an operation, before it is a shape. */
struct parts {
    std::vector<S2Point> points;
    std::vector<std::unique_ptr<S2Polyline>> lines;
    std::unique_ptr<S2Polygon> polygon = std::make_unique<S2Polygon>();

    parts() { polygon->set_s2debug_override(S2Debug::DISABLE); }

    Layers layers()
    {
        S2PolylineVectorLayer::Options line_options;
        Layers all;

        line_options.set_edge_type(S2Builder::EdgeType::UNDIRECTED);
        line_options.set_polyline_type(S2Builder::Graph::PolylineType::WALK);
        line_options.set_duplicate_edges(S2Builder::GraphOptions::DuplicateEdges::MERGE);
        line_options.set_s2debug_override(S2Debug::DISABLE);
        all.push_back(std::make_unique<S2PointVectorLayer>(&points));
        all.push_back(std::make_unique<S2PolylineVectorLayer>(&lines, line_options));
        all.push_back(std::make_unique<S2PolygonLayer>(polygon.get()));
        return s2builderutil::NormalizeClosedSet(std::move(all));
    }
};

} // namespace

/* ---- into flat arrays ---- */

static uint32_t *copy_ends(const std::vector<uint32_t> &ends)
{
    auto *copy = static_cast<uint32_t *>(malloc((ends.size() + 1) * sizeof(uint32_t)));

    if (copy == nullptr)
        throw std::bad_alloc();
    std::copy(ends.begin(), ends.end(), copy);
    return copy;
}

static void fill(enum geo_kind kind, const std::vector<struct geo_point> &points,
                 const std::vector<uint32_t> &paths, const std::vector<uint32_t> &parts,
                 struct geo_shape *ret)
{
    ret->kind = kind;
    ret->is_multi = parts.size() > 1;
    ret->point_count = static_cast<uint32_t>(points.size());
    ret->path_count = static_cast<uint32_t>(paths.size());
    ret->part_count = static_cast<uint32_t>(parts.size());
    ret->path_ends = copy_ends(paths);
    ret->part_ends = copy_ends(parts);
    ret->points = static_cast<struct geo_point *>(
        malloc((points.size() + 1) * sizeof(struct geo_point)));
    if (ret->points == nullptr)
        throw std::bad_alloc();
    std::copy(points.begin(), points.end(), ret->points);
}

static void fill_points(const std::vector<S2Point> &from, struct geo_shape *ret)
{
    std::vector<struct geo_point> points;
    std::vector<uint32_t> ends;

    for (const S2Point &p : from) {
        points.push_back(geo_s2_degrees(p));
        ends.push_back(static_cast<uint32_t>(points.size()));
    }
    if (!points.empty())
        fill(GEO_POINTS, points, ends, ends, ret);
}

static void fill_lines(const std::vector<std::unique_ptr<S2Polyline>> &from,
                       struct geo_shape *ret)
{
    std::vector<struct geo_point> points;
    std::vector<uint32_t> paths;
    std::vector<uint32_t> parts;

    for (const auto &line : from) {
        for (int i = 0; i < line->num_vertices(); i++)
            points.push_back(geo_s2_degrees(line->vertex(i)));
        paths.push_back(static_cast<uint32_t>(points.size()));
        parts.push_back(static_cast<uint32_t>(paths.size()));
    }
    if (!parts.empty())
        fill(GEO_LINES, points, paths, parts, ret);
}

/* A shell and its holes, which S2 lists behind it, are a part. */
static void fill_polygon(const S2Polygon &from, struct geo_shape *ret)
{
    std::vector<struct geo_point> points;
    std::vector<uint32_t> paths;
    std::vector<uint32_t> parts;

    if (from.is_empty() || from.is_full())
        return;
    for (int i = 0; i < from.num_loops(); i++) {
        const S2Loop *loop = from.loop(i);
        if (i > 0 && !loop->is_hole())
            parts.push_back(static_cast<uint32_t>(paths.size()));
        for (int k = 0; k <= loop->num_vertices(); k++)
            points.push_back(geo_s2_degrees(loop->oriented_vertex(k % loop->num_vertices())));
        paths.push_back(static_cast<uint32_t>(points.size()));
    }
    parts.push_back(static_cast<uint32_t>(paths.size()));
    fill(GEO_POLYGONS, points, paths, parts, ret);
}

extern "C" void geo_result_release(struct geo_result *result)
{
    for (struct geo_shape *shape : {&result->points, &result->lines, &result->polygons}) {
        free(shape->points);
        free(shape->path_ends);
        free(shape->part_ends);
    }
    *result = {};
}

/* Fills a result; releases what is there when memory runs out. */
template <typename F> static enum geo_status give(struct geo_result *ret, F run)
{
    *ret = {};
    enum geo_status status = geo_s2_guard(run);
    if (status != GEO_OK)
        geo_result_release(ret);
    return status;
}

extern "C" enum geo_status geo_shape_of(const struct geo *geo, struct geo_result *ret)
{
    return give(ret, [&] {
        if (geo->kind == GEO_LINES)
            fill_lines(geo->lines, &ret->lines);
        else
            fill_polygon(*geo->polygon, &ret->polygons);
        return GEO_OK;
    });
}

/* ---- sets ---- */

static S2BooleanOperation::Options closed_sets(S2MemoryTracker *tracker)
{
    S2BooleanOperation::Options options;

    options.set_polygon_model(S2BooleanOperation::PolygonModel::CLOSED);
    options.set_polyline_model(S2BooleanOperation::PolylineModel::CLOSED);
    options.set_memory_tracker(tracker);
    return options;
}

static bool combine(const struct geo_watch *watch, S2BooleanOperation::OpType type,
                    const struct geo *a, const struct geo *b, struct parts *ret, S2Error *error)
{
    S2MemoryTracker tracker;

    geo_s2_track(watch, &tracker);
    S2BooleanOperation operation(type, ret->layers(), closed_sets(&tracker));
    return operation.Build(a->index(), b->index(), error);
}

static enum geo_status take(struct parts *parts, enum geo_kind kind, struct geo **ret)
{
    auto made = std::make_unique<struct geo>();

    made->kind = kind;
    if (kind == GEO_LINES)
        made->lines = std::move(parts->lines);
    else
        made->polygon = std::move(parts->polygon);
    if (made->is_empty())
        return GEO_INVALID;
    made->finish();
    *ret = made.release();
    return GEO_OK;
}

static int vertex_count(const struct geo *geo)
{
    int count = geo->kind == GEO_POLYGONS ? geo->polygon->num_vertices() : 0;

    for (const auto &line : geo->lines)
        count += line->num_vertices();
    return count;
}

/* The two smallest are joined, until one is left: so the work grows as n log n. */
static enum geo_status unite(const struct geo_watch *watch, struct geo *const *shapes,
                             uint32_t count, struct geo **ret)
{
    std::multimap<int, struct geo *> queue;
    std::vector<std::unique_ptr<struct geo>> made;

    for (uint32_t i = 0; i < count; i++)
        queue.emplace(vertex_count(shapes[i]), shapes[i]);
    while (queue.size() > 1) {
        struct parts parts;
        struct geo *joined = nullptr;
        S2Error error;
        geo_s2_watch(watch);
        const struct geo *a = queue.begin()->second;
        queue.erase(queue.begin());
        const struct geo *b = queue.begin()->second;
        queue.erase(queue.begin());
        if (!combine(watch, S2BooleanOperation::OpType::UNION, a, b, &parts, &error))
            return geo_s2_error(watch, error);
        enum geo_status status = take(&parts, shapes[0]->kind, &joined);
        if (status != GEO_OK)
            return status;
        made.emplace_back(joined);
        queue.emplace(vertex_count(joined), joined);
    }
    *ret = made.back().release();
    return GEO_OK;
}

extern "C" enum geo_status geo_union(const struct geo_watch *watch, struct geo *const *shapes,
                                     uint32_t count, struct geo **ret)
{
    for (uint32_t i = 0; i < count; i++) {
        if (shapes[i]->kind != shapes[0]->kind)
            return GEO_INVALID;
    }
    return count < 2 ? GEO_INVALID
                     : geo_s2_guard([&] { return unite(watch, shapes, count, ret); });
}

extern "C" enum geo_status geo_intersects(const struct geo_watch *watch, const struct geo *a,
                                          const struct geo *b, bool *ret)
{
    return geo_s2_guard([&] {
        S2MemoryTracker tracker;
        geo_s2_track(watch, &tracker);
        *ret = S2BooleanOperation::Intersects(a->index(), b->index(), closed_sets(&tracker));
        return tracker.error().ok() ? GEO_OK : geo_s2_error(watch, tracker.error());
    });
}

extern "C" enum geo_status geo_intersection(const struct geo_watch *watch, const struct geo *a,
                                            const struct geo *b, struct geo_result *ret)
{
    return give(ret, [&] {
        struct parts parts;
        S2Error error;
        if (!combine(watch, S2BooleanOperation::OpType::INTERSECTION, a, b, &parts, &error))
            return geo_s2_error(watch, error);
        fill_points(parts.points, &ret->points);
        fill_lines(parts.lines, &ret->lines);
        fill_polygon(*parts.polygon, &ret->polygons);
        return GEO_OK;
    });
}

/* ---- simpler, denser, wider ---- */

/* All go through one builder, so that what they share stays shared. */
static enum geo_status simplify(const struct geo_watch *watch, struct geo *const *shapes,
                                uint32_t count, double tolerance_m, struct geo **ret)
{
    S2MemoryTracker tracker;
    S2Builder::Options options{IdentitySnapFunction(geo_s2_angle(tolerance_m))};
    std::vector<std::unique_ptr<struct geo>> simple;
    S2Error error;

    geo_s2_track(watch, &tracker);
    options.set_simplify_edge_chains(true);
    options.set_memory_tracker(&tracker);
    S2Builder builder{options};
    for (uint32_t i = 0; i < count; i++) {
        simple.push_back(std::make_unique<struct geo>());
        struct geo *to = simple.back().get();
        to->kind = shapes[i]->kind;
        if (to->kind == GEO_LINES) {
            S2PolylineVectorLayer::Options line_options;
            line_options.set_s2debug_override(S2Debug::DISABLE);
            builder.StartLayer(std::make_unique<S2PolylineVectorLayer>(&to->lines, line_options));
            for (const auto &line : shapes[i]->lines)
                builder.AddPolyline(*line);
        } else {
            to->polygon = std::make_unique<S2Polygon>();
            to->polygon->set_s2debug_override(S2Debug::DISABLE);
            builder.StartLayer(std::make_unique<S2PolygonLayer>(to->polygon.get()));
            builder.AddPolygon(*shapes[i]->polygon);
        }
    }
    if (!builder.Build(&error))
        return geo_s2_error(watch, error);
    std::vector<struct geo *> left;
    for (auto &one : simple) {
        if (one->is_empty())
            continue;
        one->finish();
        left.push_back(one.get());
    }
    if (left.empty())
        return GEO_INVALID;
    if (count > 1 && left.size() > 1)
        return unite(watch, left.data(), static_cast<uint32_t>(left.size()), ret);
    for (auto &one : simple) {
        if (one.get() == left[0])
            *ret = one.release();
    }
    return GEO_OK;
}

extern "C" enum geo_status geo_simplify(const struct geo_watch *watch, struct geo *const *shapes,
                                        uint32_t count, double tolerance_m, struct geo **ret)
{
    double most = S2Builder::SnapFunction::kMaxSnapRadius().radians() * GEO_RADIUS_M;

    if (count == 0 || !(tolerance_m >= 0 && tolerance_m <= most))
        return GEO_INVALID;
    return geo_s2_guard([&] { return simplify(watch, shapes, count, tolerance_m, ret); });
}

static void densify_edge(const S2EdgeTessellator &tessellator,
                         struct geo_point from, struct geo_point to,
                         std::vector<struct geo_point> *ret)
{
    std::vector<S2Point> chain;

    tessellator.AppendUnprojected(R2Point(from.lng, from.lat), R2Point(to.lng, to.lat), &chain);
    for (size_t i = 1; i + 1 < chain.size(); i++)
        ret->push_back(geo_s2_degrees(chain[i]));
    ret->push_back(to);
}

/* The long way: an edge of more than 180 degrees in two halves. */
static void densify_path(const S2EdgeTessellator &tessellator,
                         const struct geo_point *points, uint32_t count, bool crossing,
                         std::vector<struct geo_point> *ret)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0) {
            ret->push_back(points[0]);
            continue;
        }
        struct geo_point from = points[i - 1];
        struct geo_point to = points[i];
        if (!crossing && std::fabs(from.lng - to.lng) > 180) {
            struct geo_point middle = {(from.lng + to.lng) / 2, (from.lat + to.lat) / 2};
            densify_edge(tessellator, from, middle, ret);
            from = middle;
        }
        densify_edge(tessellator, from, to, ret);
    }
}

extern "C" enum geo_status geo_densify(const struct geo_shape *shape, double tolerance_m,
                                       bool crossing, struct geo_result *ret)
{
    if (!(tolerance_m >= 0.1 && tolerance_m <= 10000))
        return GEO_INVALID;
    return give(ret, [&] {
        S2::PlateCarreeProjection projection(180);
        S2EdgeTessellator tessellator(&projection, geo_s2_angle(tolerance_m));
        std::vector<struct geo_point> points;
        std::vector<uint32_t> paths;
        for (uint32_t i = 0; i < shape->path_count; i++) {
            uint32_t start = i == 0 ? 0 : shape->path_ends[i - 1];
            densify_path(tessellator, shape->points + start,
                         shape->path_ends[i] - start, crossing, &points);
            paths.push_back(static_cast<uint32_t>(points.size()));
            if (points.size() > GEO_POINTS_MAX)
                return GEO_INVALID;
        }
        struct geo_shape *to = shape->kind == GEO_LINES ? &ret->lines : &ret->polygons;
        std::vector<uint32_t> parts(shape->part_ends, shape->part_ends + shape->part_count);
        fill(shape->kind, points, paths, parts, to);
        to->is_multi = shape->is_multi;
        return GEO_OK;
    });
}

/* `add` gives the operation its input. */
template <typename F>
static enum geo_status widen(const struct geo_watch *watch, double radius_m, double tolerance_m,
                             struct geo **ret, F add)
{
    if (!(radius_m > 0) || !(tolerance_m > 0) || radius_m > M_PI * GEO_RADIUS_M ||
        tolerance_m < radius_m * S2BufferOperation::Options::kMinErrorFraction)
        return GEO_INVALID;
    return geo_s2_guard([&] {
        S2MemoryTracker tracker;
        S2Error error;
        struct parts parts;
        geo_s2_track(watch, &tracker);
        S2BufferOperation::Options options(geo_s2_angle(radius_m));
        options.set_error_fraction(std::clamp(
            tolerance_m / radius_m, S2BufferOperation::Options::kMinErrorFraction, 1.0));
        options.set_memory_tracker(&tracker);
        S2BufferOperation operation(std::make_unique<S2PolygonLayer>(parts.polygon.get()), options);
        add(&operation);
        if (!operation.Build(&error))
            return geo_s2_error(watch, error);
        return take(&parts, GEO_POLYGONS, ret);
    });
}

extern "C" enum geo_status geo_buffer(const struct geo_watch *watch, const struct geo *geo,
                                      double radius_m, double tolerance_m, struct geo **ret)
{
    return widen(watch, radius_m, tolerance_m, ret, [&](S2BufferOperation *operation) {
        operation->AddShapeIndex(geo->index());
    });
}

extern "C" enum geo_status geo_point_buffer(const struct geo_watch *watch, struct geo_point point,
                                            double radius_m, double tolerance_m, struct geo **ret)
{
    if (!geo_point_valid(point))
        return GEO_INVALID;
    return widen(watch, radius_m, tolerance_m, ret, [&](S2BufferOperation *operation) {
        operation->AddPoint(geo_s2_point(point));
    });
}

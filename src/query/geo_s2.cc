/* SPDX-License-Identifier: Apache-2.0 */
/* geo_s2.cc - shapes made and measured, over the S2 library.  The library checks
 * nothing by itself here (S2Debug::DISABLE): make_*() refuse what it would not take. */
#include "query/geo_s2_priv.h"

#include <algorithm>
#include <cmath>

#include <s2/s2closest_edge_query.h>
#include <s2/s2contains_point_query.h>
#include <s2/s2edge_distances.h>
#include <s2/s2error.h>
#include <s2/s2loop.h>
#include <s2/s2pointutil.h>

enum geo_status geo_s2_error(const struct geo_watch *watch, const S2Error &error)
{
    if (error.code() != S2Error::RESOURCE_EXHAUSTED)
        return GEO_INVALID;
    return watch->may_go_on(watch->context) ? GEO_NO_MEMORY : GEO_STOPPED;
}

void geo::finish()
{
    if (kind == GEO_LINES) {
        for (const auto &line : lines)
            line_index.Add(std::make_unique<S2Polyline::Shape>(line.get()));
        line_index.ForceBuild();
    } else if (!polygon->is_empty()) {
        polygon->index().ForceBuild();
    }
}

/* A half turn between neighbours has no shortest way. */
static bool is_antipodal(const S2Point &a, const S2Point &b)
{
    return (a + b).Norm2() < 1e-30;
}

static bool line_points(const struct geo_point *points, uint32_t count,
                        std::vector<S2Point> *ret)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!geo_point_valid(points[i]))
            return false;
        S2Point p = geo_s2_point(points[i]);
        if (!ret->empty() && ret->back() == p)
            continue; /* the same place twice: an edge of no length */
        if (!ret->empty() && is_antipodal(ret->back(), p))
            return false;
        ret->push_back(p);
    }
    return ret->size() >= 2;
}

static enum geo_status make_line(const struct geo_point *points, uint32_t count,
                                 std::vector<std::unique_ptr<S2Polyline>> *ret)
{
    std::vector<S2Point> vertices;

    if (!line_points(points, count, &vertices))
        return GEO_INVALID;
    ret->push_back(std::make_unique<S2Polyline>(vertices, S2Debug::DISABLE));
    return GEO_OK;
}

/* A closed ring: the first coordinate again at the end, the others distinct. */
static enum geo_status make_ring(const struct geo_point *points, uint32_t count,
                                 std::vector<std::unique_ptr<S2Loop>> *ret)
{
    std::vector<S2Point> vertices;

    if (count < 4 || points[0].lng != points[count - 1].lng ||
        points[0].lat != points[count - 1].lat)
        return GEO_INVALID;
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (!geo_point_valid(points[i]))
            return GEO_INVALID;
        vertices.push_back(geo_s2_point(points[i]));
    }
    for (size_t i = 0; i < vertices.size(); i++) {
        if (is_antipodal(vertices[i], vertices[(i + 1) % vertices.size()]))
            return GEO_INVALID;
    }
    std::vector<S2Point> sorted(vertices);
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        return GEO_INVALID;
    auto loop = std::make_unique<S2Loop>(vertices, S2Debug::DISABLE);
    S2Error error;
    if (loop->FindValidationError(&error))
        return GEO_INVALID;
    loop->Normalize(); /* the smaller side is inside */
    ret->push_back(std::move(loop));
    return GEO_OK;
}

/* The rings of a part: a shell with holes in it. */
static enum geo_status make_polygon(const struct geo_shape *shape, uint32_t first, uint32_t end,
                                    std::unique_ptr<S2Polygon> *ret)
{
    std::vector<std::unique_ptr<S2Loop>> loops;

    if (end - first > GEO_RINGS_MAX)
        return GEO_TOO_MANY_RINGS;
    for (uint32_t i = first; i < end; i++) {
        uint32_t start = i == 0 ? 0 : shape->path_ends[i - 1];
        enum geo_status status =
            make_ring(shape->points + start, shape->path_ends[i] - start, &loops);
        if (status != GEO_OK)
            return status;
    }
    if (loops.empty())
        return GEO_INVALID;
    auto polygon = std::make_unique<S2Polygon>();
    polygon->set_s2debug_override(S2Debug::DISABLE);
    polygon->InitNested(std::move(loops));
    S2Error error;
    if (polygon->FindValidationError(&error))
        return GEO_INVALID;
    int shells = 0;
    for (int i = 0; i < polygon->num_loops(); i++)
        shells += polygon->loop(i)->depth() == 0;
    if (shells != 1)
        return GEO_INVALID;
    *ret = std::move(polygon);
    return GEO_OK;
}

/* Each part by itself, then their union if there are several. */
static enum geo_status make(const struct geo_watch *watch, const struct geo_shape *shape,
                            struct geo **ret)
{
    std::vector<std::unique_ptr<struct geo>> parts;

    for (uint32_t i = 0; i < shape->part_count; i++) {
        auto part = std::make_unique<struct geo>();
        if (i % 16 == 0)
            geo_s2_watch(watch);
        uint32_t first = i == 0 ? 0 : shape->part_ends[i - 1];
        uint32_t start = first == 0 ? 0 : shape->path_ends[first - 1];
        enum geo_status status =
            shape->kind == GEO_LINES
                ? make_line(shape->points + start, shape->path_ends[first] - start, &part->lines)
                : make_polygon(shape, first, shape->part_ends[i], &part->polygon);
        if (status != GEO_OK)
            return status;
        part->kind = shape->kind;
        part->finish();
        parts.push_back(std::move(part));
    }
    if (parts.empty())
        return GEO_INVALID;
    if (parts.size() == 1) {
        *ret = parts[0].release();
        return GEO_OK;
    }
    std::vector<struct geo *> borrowed;
    for (const auto &part : parts)
        borrowed.push_back(part.get());
    return geo_union(watch, borrowed.data(), static_cast<uint32_t>(borrowed.size()), ret);
}

extern "C" enum geo_status geo_new(const struct geo_watch *watch, const struct geo_shape *shape,
                                   struct geo **ret)
{
    if ((shape->kind != GEO_LINES && shape->kind != GEO_POLYGONS) ||
        shape->point_count > GEO_POINTS_MAX)
        return GEO_INVALID;
    return geo_s2_guard([&] { return make(watch, shape, ret); });
}

extern "C" void geo_free(struct geo *geo)
{
    delete geo;
}

extern "C" enum geo_kind geo_kind(const struct geo *geo)
{
    return geo->kind;
}

extern "C" enum geo_status geo_length_m(const struct geo *geo, double *ret)
{
    S1Angle sum = S1Angle::Zero();

    for (const auto &line : geo->lines)
        sum += line->GetLength();
    for (int i = 0; geo->kind == GEO_POLYGONS && i < geo->polygon->num_loops(); i++) {
        const S2Loop *loop = geo->polygon->loop(i);
        for (int k = 0; k < loop->num_vertices(); k++)
            sum += S1Angle(loop->vertex(k), loop->vertex(k + 1));
    }
    *ret = sum.radians() * GEO_RADIUS_M;
    return GEO_OK;
}

extern "C" enum geo_status geo_area_m2(const struct geo *geo, double *ret)
{
    if (geo->kind != GEO_POLYGONS)
        return GEO_INVALID;
    *ret = geo->polygon->GetArea() * GEO_RADIUS_M * GEO_RADIUS_M;
    return GEO_OK;
}

extern "C" enum geo_status geo_centroid(const struct geo *geo, struct geo_point *ret)
{
    S2Point sum(0, 0, 0);

    if (geo->kind == GEO_POLYGONS)
        sum = geo->polygon->GetCentroid();
    for (const auto &line : geo->lines)
        sum += line->GetCentroid();
    if (sum.Norm2() == 0)
        return GEO_INVALID;
    *ret = geo_s2_degrees(sum.Normalize());
    return GEO_OK;
}

extern "C" bool geo_contains(const struct geo *geo, struct geo_point point)
{
    return geo->kind == GEO_POLYGONS && !geo->is_empty() &&
           S2ContainsPointQuery<S2ShapeIndex>(&geo->index(), S2VertexModel::SEMI_OPEN)
               .Contains(geo_s2_point(point));
}

extern "C" enum geo_status geo_closest(const struct geo *geo, struct geo_point point,
                                       struct geo_point *ret, double *ret_distance_m)
{
    if (geo->is_empty())
        return GEO_INVALID;
    if (geo_contains(geo, point)) {
        *ret = point;
        *ret_distance_m = 0;
        return GEO_OK;
    }
    return geo_s2_guard([&] {
        S2Point at = geo_s2_point(point);
        S2ClosestEdgeQuery query(&geo->index());
        query.mutable_options()->set_include_interiors(false);
        S2ClosestEdgeQuery::PointTarget target(at);
        S2ClosestEdgeQuery::Result found = query.FindClosestEdge(&target);
        if (found.is_empty())
            return GEO_INVALID;
        S2Shape::Edge edge = query.GetEdge(found);
        *ret = geo_s2_degrees(S2::Project(at, edge.v0, edge.v1));
        *ret_distance_m = S2::GetDistance(at, edge.v0, edge.v1).radians() * GEO_RADIUS_M;
        return GEO_OK;
    });
}

extern "C" enum geo_status geo_interpolate(const struct geo *line, double fraction,
                                           struct geo_point *ret)
{
    if (line->kind != GEO_LINES || line->lines.size() != 1 || !(fraction >= 0 && fraction <= 1))
        return GEO_INVALID;
    *ret = geo_s2_degrees(line->lines[0]->Interpolate(fraction));
    return GEO_OK;
}

extern "C" enum geo_status geo_locate(const struct geo *line, struct geo_point point, double *ret)
{
    int next;

    if (line->kind != GEO_LINES || line->lines.size() != 1)
        return GEO_INVALID;
    S2Point at = line->lines[0]->Project(geo_s2_point(point), &next);
    *ret = line->lines[0]->UnInterpolate(at, next);
    return GEO_OK;
}

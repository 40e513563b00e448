/* SPDX-License-Identifier: Apache-2.0 */
/* geo_s2_cells.cc - cells of the S2 grid, and shapes covered by them. */
#include "query/geo_s2_priv.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <s2/s2cell.h>
#include <s2/s2cell_id.h>
#include <s2/s2cell_union.h>
#include <s2/s2metrics.h>
#include <s2/s2region_coverer.h>
#include <s2/s2shape_index_buffered_region.h>
#include <s2/s2shape_index_region.h>

extern "C" void geo_cell_token(uint64_t cell, char token[GEO_TOKEN_BYTES])
{
    std::string text = S2CellId(cell).ToToken();
    size_t size = std::min<size_t>(text.size(), GEO_TOKEN_BYTES - 1);

    memcpy(token, text.data(), size);
    token[size] = '\0';
}

extern "C" enum geo_status geo_cell_of(struct geo_point point, int level,
                                       char token[GEO_TOKEN_BYTES])
{
    if (level < 0 || level > S2CellId::kMaxLevel || !geo_point_valid(point))
        return GEO_INVALID;
    geo_cell_token(S2CellId(geo_s2_point(point)).parent(level).id(), token);
    return GEO_OK;
}

extern "C" enum geo_status geo_cell_from(const char *token, size_t size, uint64_t *ret)
{
    uint64_t id = 0;

    if (size == 0 || size > 16)
        return GEO_INVALID;
    for (size_t i = 0; i < size; i++) {
        char c = static_cast<char>(token[i] | 32);
        bool is_digit = token[i] >= '0' && token[i] <= '9';
        if (!is_digit && (c < 'a' || c > 'f'))
            return GEO_INVALID;
        id |= static_cast<uint64_t>(is_digit ? token[i] - '0' : c - 'a' + 10) << (60 - 4 * i);
    }
    if (!S2CellId(id).is_valid())
        return GEO_INVALID;
    *ret = id;
    return GEO_OK;
}

extern "C" void geo_cell_center(uint64_t cell, struct geo_point *ret)
{
    S2LatLng at = S2CellId(cell).ToLatLng();

    *ret = {at.lng().degrees(), at.lat().degrees()};
}

extern "C" void geo_cell_corners(uint64_t cell, struct geo_point ret[4])
{
    S2Cell square{S2CellId(cell)};

    for (int i = 0; i < 4; i++)
        ret[i] = geo_s2_degrees(square.GetVertex(i));
}

extern "C" uint32_t geo_cell_neighbors(uint64_t cell, uint64_t ret[8])
{
    /* The library: the corners below, below, above, left, right, the corners above. */
    static const size_t order[8] = {7, 0, 1, 2, 3, 5, 4, 6};
    S2CellId id(cell);
    std::vector<S2CellId> all;
    uint32_t count = 0;

    id.AppendAllNeighbors(id.level(), &all);
    for (size_t i : order) {
        uint64_t one = i < all.size() ? all[i].id() : cell;
        if (one != cell && std::find(ret, ret + count, one) == ret + count)
            ret[count++] = one;
    }
    return count;
}

/* Whether so fine a covering has clearly too many cells, before it is made. */
static bool is_too_many(const struct geo *geo, int level, double radius_m)
{
    double area = 0;
    double length;

    (void)geo_length_m(geo, &length);
    if (geo->kind == GEO_POLYGONS)
        area = geo->polygon->GetArea();
    length /= GEO_RADIUS_M;
    double radius = radius_m / GEO_RADIUS_M;
    double width = S2::kMaxDiag.GetValue(level);
    return (area + length * radius) / S2::kMaxArea.GetValue(level) > GEO_CELLS_MAX ||
           (length / width) > GEO_CELLS_MAX ||
           radius * radius / S2::kMaxArea.GetValue(level) > GEO_CELLS_MAX;
}

/* A region that can be stopped while it is covered: it is nowhere from then on.  Nothing may be
 * thrown through the coverer, which would forget its candidates. */
template <typename R> class watched final : public S2Region {
public:
    watched(const struct geo_watch *watch, const R *region) : watch_(watch), region_(region) {}
    S2Region *Clone() const override { return new watched(watch_, region_); }
    S2Cap GetCapBound() const override { return region_->GetCapBound(); }
    S2LatLngRect GetRectBound() const override { return region_->GetRectBound(); }
    void GetCellUnionBound(std::vector<S2CellId> *ids) const override
    {
        region_->GetCellUnionBound(ids);
    }
    bool Contains(const S2Cell &cell) const override { return region_->Contains(cell); }
    bool Contains(const S2Point &point) const override { return region_->Contains(point); }
    bool MayIntersect(const S2Cell &cell) const override
    {
        if (++asked_ % 64 == 0 && !watch_->may_go_on(watch_->context))
            stopped_ = true;
        return !stopped_ && region_->MayIntersect(cell);
    }
    bool is_stopped() const { return stopped_; }

private:
    const struct geo_watch *watch_;
    const R *region_;
    mutable uint32_t asked_ = 0;
    mutable bool stopped_ = false;
};

template <typename R>
static void cover_region(const struct geo_watch *watch, S2RegionCoverer *coverer, const R &region,
                         std::vector<S2CellId> *ret)
{
    watched<R> seen(watch, &region);

    coverer->GetCovering(seen, ret);
    if (seen.is_stopped())
        throw geo_stop();
}

static enum geo_status cover(const struct geo_watch *watch, const struct geo *geo, int level,
                             double radius_m, struct geo_cells *ret)
{
    S2RegionCoverer coverer;
    std::vector<S2CellId> cells;

    coverer.mutable_options()->set_min_level(level);
    coverer.mutable_options()->set_max_level(level);
    coverer.mutable_options()->set_max_cells(GEO_CELLS_MAX);
    if (radius_m > 0) {
        S2ShapeIndexBufferedRegion region(&geo->index(), S1ChordAngle(geo_s2_angle(radius_m)));
        cover_region(watch, &coverer, region, &cells);
    } else {
        auto region = MakeS2ShapeIndexRegion(&geo->index());
        cover_region(watch, &coverer, region, &cells);
    }
    if (cells.size() > GEO_CELLS_MAX)
        return GEO_INVALID;
    ret->ids = static_cast<uint64_t *>(malloc((cells.size() + 1) * sizeof(uint64_t)));
    if (ret->ids == nullptr)
        return GEO_NO_MEMORY;
    for (S2CellId cell : cells)
        ret->ids[ret->count++] = cell.id();
    return GEO_OK;
}

extern "C" enum geo_status geo_cover(const struct geo_watch *watch, const struct geo *geo,
                                     int level, double radius_m, struct geo_cells *ret)
{
    *ret = {};
    if (level < 0 || level > S2CellId::kMaxLevel || !(radius_m >= 0) || geo->is_empty() ||
        is_too_many(geo, level, radius_m))
        return GEO_INVALID;
    return geo_s2_guard([&] { return cover(watch, geo, level, radius_m, ret); });
}

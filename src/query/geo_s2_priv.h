/* SPDX-License-Identifier: Apache-2.0 */
/* geo_s2_priv.h - what the C++ files behind geo_priv.h share; empty in C. */
#ifndef QUERY_GEO_S2_PRIV_H
#define QUERY_GEO_S2_PRIV_H

#ifdef __cplusplus

/* The headers' checks of their callers abort, and only in debug builds: the library is
 * built without them, and what it may not see is refused here. */
#ifndef NDEBUG
#define NDEBUG
#endif
/* Of absl::InlinedVector, by gcc 12. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "query/geo_priv.h"

#include <memory>
#include <vector>

#include <s2/mutable_s2shape_index.h>
#include <s2/s2latlng.h>
#include <s2/s2memory_tracker.h>
#include <s2/s2polygon.h>
#include <s2/s2polyline.h>

/* What one operation may allocate. */
constexpr int64 GEO_WORK_BYTES = int64{256} << 20;

struct geo {
    enum geo_kind kind = GEO_NOTHING;
    std::vector<std::unique_ptr<S2Polyline>> lines;
    std::unique_ptr<S2Polygon> polygon;
    MutableS2ShapeIndex line_index;

    /* Once everything is in place; afterwards it is only read. */
    void finish();
    const S2ShapeIndex &index() const
    {
        return kind == GEO_LINES ? static_cast<const S2ShapeIndex &>(line_index)
                                 : polygon->index();
    }
    bool is_empty() const
    {
        return kind == GEO_LINES ? lines.empty()
                                 : polygon->is_empty() || polygon->is_full();
    }
};

inline S2Point geo_s2_point(struct geo_point p)
{
    return S2LatLng::FromDegrees(p.lat, p.lng).ToPoint();
}

inline struct geo_point geo_s2_degrees(const S2Point &p)
{
    S2LatLng at(p);
    return {at.lng().degrees(), at.lat().degrees()};
}

inline S1Angle geo_s2_angle(double meters)
{
    return S1Angle::Radians(meters / GEO_RADIUS_M);
}

/* Thrown where the watch says stop. */
struct geo_stop {};

inline void geo_s2_watch(const struct geo_watch *watch)
{
    if (!watch->may_go_on(watch->context))
        throw geo_stop();
}

/* Bounds an operation: its memory, and by what it allocates its time. */
inline void geo_s2_track(const struct geo_watch *watch, S2MemoryTracker *tracker)
{
    constexpr int64 often = int64{256} << 10;

    tracker->set_limit_bytes(GEO_WORK_BYTES);
    tracker->set_periodic_callback(often, [watch, tracker] {
        if (!watch->may_go_on(watch->context))
            tracker->set_limit_bytes(0); /* the operation ends at its next allocation */
    });
}

/* Runs what may run out of memory or be stopped. */
template <typename F> enum geo_status geo_s2_guard(F run)
{
    try {
        return run();
    } catch (const std::bad_alloc &) {
        return GEO_NO_MEMORY;
    } catch (const std::length_error &) {
        return GEO_NO_MEMORY;
    } catch (const geo_stop &) {
        return GEO_STOPPED;
    }
}

enum geo_status geo_s2_error(const struct geo_watch *watch, const S2Error &error);

#endif
#endif

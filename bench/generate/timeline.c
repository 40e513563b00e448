/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/timeline.h"

#include <stdlib.h>

#define WEEKEND_SHARE 0.25

double timeline_weight(int hour)
{
    static const double weights[24] = {0.06, 0.05, 0.04, 0.04, 0.05, 0.09, 0.22, 0.5,
                                       0.88, 1.0,  0.98, 0.94, 0.8,  0.92, 1.0,  0.96,
                                       0.84, 0.62, 0.42, 0.32, 0.26, 0.2,  0.14, 0.09};

    return weights[((hour % 24) + 24) % 24];
}

enum status timeline_init(struct timeline *timeline, int64_t start_s, uint32_t days,
                          struct error *err)
{
    uint32_t hours = days * 24;
    double total = 0;

    *timeline = (struct timeline){.start_s = start_s, .hour_count = hours};
    timeline->before = malloc((hours + 1) * sizeof(double));
    if (timeline->before == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    for (uint32_t i = 0; i < hours; i++) {
        int64_t hour = start_s / 3600 + i;
        int64_t week_day = (hour / 24 + 4) % 7; /* 1970-01-01 was a Thursday */
        timeline->before[i] = total;
        total += timeline_weight((int)(hour % 24)) *
                 (week_day == 0 || week_day == 6 ? WEEKEND_SHARE : 1);
    }
    timeline->before[hours] = total;
    for (uint32_t i = 0; i <= hours; i++)
        timeline->before[i] /= total;
    return STATUS_OK;
}

void timeline_release(struct timeline *timeline)
{
    free(timeline->before);
    timeline->before = NULL;
}

int64_t timeline_at(const struct timeline *timeline, double share)
{
    uint32_t low = 0, high = timeline->hour_count - 1;

    while (low < high) { /* the last hour that begins at or before the share */
        uint32_t middle = (low + high + 1) / 2;
        if (timeline->before[middle] <= share)
            low = middle;
        else
            high = middle - 1;
    }
    double width = timeline->before[low + 1] - timeline->before[low];
    return timeline->start_s + (int64_t)low * 3600 +
           (int64_t)((share - timeline->before[low]) / width * 3600);
}

double timeline_share(const struct timeline *timeline, int64_t time_s)
{
    uint64_t second = (uint64_t)(time_s - timeline->start_s);
    uint32_t hour = (uint32_t)(second / 3600);

    if (hour >= timeline->hour_count)
        return 1;
    return timeline->before[hour] + (timeline->before[hour + 1] - timeline->before[hour]) *
                                        (double)(second % 3600) / 3600;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_base_time.c - any text as an ISO 8601 time, any numbers as ticks and as the fields of a
 * date: what is read is in range, and written again it is the same instant. */
#include "base/time.h"

#include "base/check.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ticks(int64_t ticks)
{
    char text[TIME_TEXT_BYTES + 1];
    struct civil_time civil;
    int64_t again = -1;

    CHECK(ticks >= 0 && ticks <= TICKS_MAX);
    time_to_civil(ticks, &civil);
    CHECK(time_is_valid_date(civil.year, civil.month, civil.day));
    CHECK(civil.hour <= 23 && civil.minute <= 59 && civil.second <= 59);
    CHECK(civil.tick >= 0 && civil.tick < TICKS_PER_SECOND);
    CHECK(civil.year_day >= civil.day && civil.year_day <= 366);
    CHECK(civil.week_day == (ticks / TICKS_PER_DAY + 1) % 7);
    CHECK(time_from_civil(&civil, &again) && again == ticks);
    time_format_iso(ticks, text);
    CHECK(strlen(text) == TIME_TEXT_BYTES);
    CHECK(time_parse_iso(slice_of(text), &again) && again == ticks);
}

/* The text of a span says all of it: "[-][d.]hh:mm:ss[.fffffff]". */
static void check_span(int64_t ticks)
{
    struct buf text;
    uint64_t days = 0, at = 0, parts[4] = {0};

    buf_init(&text, KIB);
    time_format_span(ticks, &text);
    CHECK(!text.failed && text.size >= 8 && text.size <= 26);
    struct slice left = buf_slice(&text);
    bool is_negative = left.data[0] == '-';
    left = slice_tail(left, is_negative);
    size_t colon = slice_find_byte(left, ':', 0), point = slice_find_byte(left, '.', 0);
    bool has_days = point < colon;
    CHECK(colon != SIZE_MAX);
    for (size_t i = 0; i < left.size; i++) {
        if (left.data[i] == ':' || left.data[i] == '.') {
            if (has_days && i == point)
                days = parts[0];
            else
                at++;
            parts[has_days && i == point ? 0 : at] = 0;
        } else {
            CHECK(left.data[i] >= '0' && left.data[i] <= '9');
            parts[at] = parts[at] * 10 + (uint64_t)(left.data[i] - '0');
        }
    }
    CHECK(at == 2 || at == 3);
    CHECK(parts[0] < 24 && parts[1] < 60 && parts[2] < 60);
    uint64_t all = days * (uint64_t)TICKS_PER_DAY + parts[0] * (uint64_t)TICKS_PER_HOUR +
                   parts[1] * (uint64_t)TICKS_PER_MINUTE +
                   parts[2] * (uint64_t)TICKS_PER_SECOND + parts[3];
    CHECK(all == (is_negative ? 0 - (uint64_t)ticks : (uint64_t)ticks));
    CHECK(is_negative == (ticks < 0));
    buf_release(&text);
}

static void check_fields(struct reader r)
{
    struct civil_time civil = {
        .year = (int)reader_u32(&r),
        .month = (int)reader_u32(&r),
        .day = (int)reader_u32(&r),
        .hour = (int)reader_u32(&r),
        .minute = (int)reader_u32(&r),
        .second = (int)reader_u32(&r),
        .tick = (int)reader_u32(&r),
    };
    int64_t ticks;

    if (!r.failed && time_from_civil(&civil, &ticks))
        check_ticks(ticks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t ticks;
    struct civil_time civil;
    struct reader r = reader_from(data, size);

    if (time_parse_iso(slice_from((const char *)data, size), &ticks))
        check_ticks(ticks);
    check_fields(r);
    ticks = (int64_t)reader_u64(&r);
    if (!r.failed) {
        check_span(ticks);
        time_to_civil(ticks, &civil);
        CHECK(civil.month >= 1 && civil.month <= 12 && civil.day >= 1 && civil.day <= 31);
        if (ticks >= 0 && ticks <= TICKS_MAX)
            check_ticks(ticks);
    }
    return 0;
}

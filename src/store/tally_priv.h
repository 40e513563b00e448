/* SPDX-License-Identifier: Apache-2.0 */
/* tally_priv.h - combinations of values counted, instead of rows; and such counts of whole
 * sections, which stay in the cache.
 *
 *   scan_tally.c   counts the chosen rows of a part
 *   rollup.c       what is known of all rows of a section: how many have each combination of
 *                  a few columns, times in bins
 *
 * A combination is a number whose digits are the codes of its columns.
 */
#ifndef STORE_TALLY_PRIV_H
#define STORE_TALLY_PRIV_H

#include "store/scan_priv.h"

/* One column of a combination: digit `code` of a number to the base `count`. */
struct tally_digit {
    const struct column_plan *plan;
    uint32_t count;  /* codes; 1: all rows have the same value */
    uint32_t stride;
    int64_t bin;     /* > 0: event times, the digit is the number of the bin from `first` on */
    int64_t first;   /* where the first bin begins */
};

/* The digits of the request's columns, which are planned; the first has the least stride.
 * false: a column has no codes, or there are too many combinations.  *ret_size: a number is
 * below it. */
bool tally_digits(const struct part_scan *scan, struct tally_digit *digits, uint32_t *ret_size);
/* Adds the chosen rows, none of which is kept raw, to the table of numbers. */
enum status tally_count(const struct part_scan *scan, const struct tally_digit *digits,
                        uint32_t *table, struct error *err) MUST_USE;

/* ---- rollup.c ---- */
#define ROLLUP_COLUMNS_MAX 4u

/* What a scan could ask of a roll-up: made once, for all sections whose rows are all within
 * its times. */
struct rollup_ask {
    bool is_possible;
    uint32_t columns[ROLLUP_COLUMNS_MAX]; /* of the schema; those of filters are the last */
    int64_t bins[ROLLUP_COLUMNS_MAX];
    uint32_t count;
    uint32_t hash;
};

void rollup_ask_make(const struct scan_source *source, const struct scan_request *request,
                     struct rollup_ask *ret);
enum rollup_answer {
    ROLLUP_UNKNOWN, /* nothing was sent: there is none in the cache */
    ROLLUP_REFUSED, /* nor will there be: it were too big, or a column is none of plain values */
    ROLLUP_SENT,
};
/* Sends the combinations that the filters leave; *ret_rows: how many rows satisfy them. */
enum status rollup_send(const struct part_scan *scan, const struct rollup_ask *ask,
                        struct section *section, const struct tally_sink *out,
                        enum rollup_answer *ret, uint64_t *ret_rows,
                        struct error *err) MUST_USE;
/* Makes it from a view of the section. */
enum status rollup_make(const struct part_scan *scan, const struct rollup_ask *ask,
                        struct section *section, struct error *err) MUST_USE;

#endif

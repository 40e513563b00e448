/* SPDX-License-Identifier: Apache-2.0 */
/* literal.h - the spellings of values in KQL texts, for literals and for the
 * conversion functions (todatetime() takes what datetime() takes). */
#ifndef QUERY_LITERAL_H
#define QUERY_LITERAL_H

#include "base/arena.h"
#include "table/type.h"

/* ISO 8601 in all parts, US dates (1/29/2017), month names, RFC 822.  `now`
 * gives the date of a bare time.  False if it is none. */
bool literal_datetime(struct slice text, int64_t *ret_ticks);
/* 1d 2.5h 10ms, and [-][d.]hh:mm[:ss[.f]]; a bare number is days. */
bool literal_timespan(struct slice text, int64_t *ret_ticks);
/* Digits with optional sign, or 0x hex digits. */
bool literal_long(struct slice text, int64_t *ret);
/* true True TRUE, false False FALSE: words of the language, none else. */
bool literal_bool(struct slice text, bool *ret);
bool literal_real(struct slice text, double *ret);
/* True if the text spells a decimal: [+-]digits[.digits][e..]. */
bool literal_is_decimal(struct slice text);
/* What stands between dynamic( and ): JSON, also with single quotes and nested
 * literals.  *ret is compact JSON in the arena.  Errors carry no position: it is *ret_at,
 * bytes from the text's begin. */
enum status literal_dynamic(struct arena *arena, struct slice text, struct slice *ret,
                            size_t *ret_at, struct error *err) MUST_USE;

#endif

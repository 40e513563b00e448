/* SPDX-License-Identifier: Apache-2.0 */
/* type.h - the scalar types of KQL and one value of any of them. */
#ifndef TABLE_TYPE_H
#define TABLE_TYPE_H

#include "base/guid.h"
#include "base/slice.h"
#include "base/time.h"

#include <math.h>

enum type {
    TYPE_BOOL,
    TYPE_INT,      /* 32 bit; carried as int64_t within its range */
    TYPE_LONG,
    TYPE_REAL,
    TYPE_DECIMAL,  /* 34 significant digits; carried as its text (see decimal functions) */
    TYPE_DATETIME, /* ticks, base/time.h */
    TYPE_TIMESPAN, /* ticks */
    TYPE_GUID,
    TYPE_STRING,   /* UTF-8; has no null: a missing string is the empty one */
    TYPE_DYNAMIC,  /* compact or verbatim JSON text; null is an empty slice or "null" */
    TYPE_COUNT_
};

/* "bool", "int", "long", "real", "decimal", "datetime", "timespan", "guid",
 * "string", "dynamic". */
const char *type_name(enum type type);
/* The same with its article: "a bool", "an int". */
const char *type_phrase(enum type type);
/* Also the aliases: boolean, int32, int64, double, date, time, uuid, uniqueid ... */
bool type_from_name(struct slice name, enum type *ret);

static inline bool type_is_number(enum type t)
{
    return t == TYPE_INT || t == TYPE_LONG || t == TYPE_REAL || t == TYPE_DECIMAL;
}

static inline bool type_is_bytes(enum type t) /* carried as a slice */
{
    return t == TYPE_STRING || t == TYPE_DYNAMIC || t == TYPE_DECIMAL;
}

/* The real that stands for it among the keys of groups, joins and sets: -0 is 0, and NaN is
 * one, whatever its sign and bits. */
static inline double type_real_key(double real)
{
    if (isnan(real))
        return (double)NAN;
    return real == 0 ? 0 : real;
}

/* One value.  Bytes are borrowed from whoever made the value. */
struct value {
    enum type type;
    bool is_null;
    union {
        bool boolean;
        int64_t integer; /* int, long, datetime and timespan ticks */
        double real;
        struct guid guid;
        struct slice bytes; /* string, dynamic, decimal */
    };
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "table/type.h"

static const char *const names[TYPE_COUNT_] = { /* with their articles */
    [TYPE_BOOL] = "a bool",         [TYPE_INT] = "an int",          [TYPE_LONG] = "a long",
    [TYPE_REAL] = "a real",         [TYPE_DECIMAL] = "a decimal",   [TYPE_DATETIME] = "a datetime",
    [TYPE_TIMESPAN] = "a timespan", [TYPE_GUID] = "a guid",         [TYPE_STRING] = "a string",
    [TYPE_DYNAMIC] = "a dynamic",
};

static const struct {
    const char *alias;
    enum type type;
} aliases[] = {
    {"boolean", TYPE_BOOL}, {"int32", TYPE_INT},       {"int64", TYPE_LONG},
    {"double", TYPE_REAL},  {"date", TYPE_DATETIME},   {"time", TYPE_TIMESPAN},
    {"uuid", TYPE_GUID},    {"uniqueid", TYPE_GUID},   {"DateTime", TYPE_DATETIME},
};

const char *type_name(enum type type)
{
    return names[type] + 2 + (type == TYPE_INT);
}

const char *type_phrase(enum type type)
{
    return names[type];
}

bool type_from_name(struct slice name, enum type *ret)
{
    for (int i = 0; i < TYPE_COUNT_; i++) {
        if (slice_is(name, type_name((enum type)i))) {
            *ret = (enum type)i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (slice_is(name, aliases[i].alias)) {
            *ret = aliases[i].type;
            return true;
        }
    }
    return false;
}

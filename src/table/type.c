/* SPDX-License-Identifier: Apache-2.0 */
#include "table/type.h"

static const char *const names[TYPE_COUNT_] = {
    [TYPE_BOOL] = "bool",         [TYPE_INT] = "int",           [TYPE_LONG] = "long",
    [TYPE_REAL] = "real",         [TYPE_DECIMAL] = "decimal",   [TYPE_DATETIME] = "datetime",
    [TYPE_TIMESPAN] = "timespan", [TYPE_GUID] = "guid",         [TYPE_STRING] = "string",
    [TYPE_DYNAMIC] = "dynamic",
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
    return names[type];
}

bool type_from_name(struct slice name, enum type *ret)
{
    for (int i = 0; i < TYPE_COUNT_; i++) {
        if (slice_is(name, names[i])) {
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

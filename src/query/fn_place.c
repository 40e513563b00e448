/* SPDX-License-Identifier: Apache-2.0 */
/* fn_place.c - geo_info_from_ip_address(): what query_env.places has of an address. */
#include "base/text.h"
#include "codec/mmdb.h"
#include "query/fn_geo_priv.h"
#include "query/run_priv.h"

#include <math.h>

static void add_key(struct buf *buf, const char *key)
{
    buf_add_byte(buf, buf->size == 0 ? '{' : ',');
    text_add_json_string(buf, slice_of(key));
    buf_add_byte(buf, ':');
}

static void add_name(struct buf *buf, const char *key, struct slice name)
{
    if (name.size == 0)
        return;
    add_key(buf, key);
    text_add_json_string(buf, name);
}

static void add_degrees(struct buf *buf, const char *key, double value)
{
    if (isnan(value))
        return;
    add_key(buf, key);
    text_add_double(buf, value);
}

/* What is not known is null, or has no key; that there is no database a warning says where
 * the call is bound (bind_warn.c). */
static enum status row_geo_info(ROW_PARAMETERS)
{
    const struct query_env *env = eval->query == NULL ? NULL : eval->query->request->env;
    struct mmdb_place place;
    struct buf buf;

    (void)arg_count;
    if (env == NULL || env->places == NULL ||
        !mmdb_find(env->places, args[0].bytes, &place))
        return STATUS_OK;
    text_start(&buf);
    add_name(&buf, "country", place.country);
    add_name(&buf, "state", place.state);
    add_name(&buf, "city", place.city);
    add_degrees(&buf, "latitude", place.latitude);
    add_degrees(&buf, "longitude", place.longitude);
    if (buf.size > 0) {
        buf_add_byte(&buf, '}');
        return give_buf(eval, &buf, ret, err);
    }
    buf_release(&buf);
    return STATUS_OK;
}
ROW_EVAL(row_geo_info, TYPE_DYNAMIC)
BIND(bind_geo_info, "s", TYPE_DYNAMIC)

static const struct function functions[] = {
    {.name = "geo_info_from_ip_address",
     .signature = "geo_info_from_ip_address(address)",
     .summary = "country, state, city, latitude and longitude of an address, from the file "
                "that the operator names; null where it is not known",
     .example = "isnull(geo_info_from_ip_address('no address'))",
     .args_min = 1,
     .args_max = 1,
     .bind = bind_geo_info,
     .eval = eval_row_geo_info},
};

FUNCTION_FAMILY(place, functions);

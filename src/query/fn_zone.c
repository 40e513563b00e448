/* SPDX-License-Identifier: Apache-2.0 */
/* fn_zone.c - between UTC and the clocks of a time zone, by the tables of the system. */
#include "query/fn_priv.h"
#include "query/zone.h"

#define SECONDS_UNIX_EPOCH (TICKS_UNIX_EPOCH / TICKS_PER_SECOND)

/* Of one call: the zones it met, and the one that its constant names. */
struct zone_call {
    struct zone_set *set;
    const struct zone *zone;
};

static void free_set(void *set)
{
    zone_set_free(set);
}

static enum status open_set(struct eval *eval, struct zone_set **ret, struct error *err)
{
    struct io *io = NULL;
    enum status status = io_linux_new(ZONE_DIRECTORY, &io, err);

    if (status == STATUS_NOT_FOUND)
        return ERROR_SET(err, STATUS_INVALID,
                         "the server has no time zones: '%s' is not there (package tzdata)",
                         ZONE_DIRECTORY);
    if (status == STATUS_OK)
        status = zone_set_new(io, ret, err);
    if (status != STATUS_OK)
        return status;
    status = arena_on_free(eval->query_arena, free_set, *ret, err);
    if (status != STATUS_OK)
        zone_set_free(*ret);
    return status;
}

static enum status prepare_zone(struct eval *eval, const struct argument *args,
                                uint32_t arg_count, void **ret_state, struct error *err)
{
    struct zone_call *call = ARENA_NEW(eval->query_arena, struct zone_call, err);
    struct slice name;

    (void)arg_count;
    if (call == NULL)
        return err->status;
    enum status status = open_set(eval, &call->set, err);
    if (status == STATUS_OK && constant_text(args, 1, &name)) {
        status = zone_set_find(call->set, name, &call->zone, err);
        if (status == STATUS_OK && call->zone == NULL)
            status = ERROR_SET(err, STATUS_INVALID,
                               "there is no time zone '%.*s'; datetime_list_timezones() has all",
                               SLICE_FMT(slice_head(name, 128)));
    }
    if (status != STATUS_OK)
        argument_place(&args[1], err);
    *ret_state = call;
    return status;
}

/* Null for a zone that is not there, and beyond the calendar. */
static enum status shift(struct eval *eval, const struct value *args, enum zone_clock clock,
                         struct value *ret, struct error *err)
{
    const struct zone_call *call = eval->call_state;
    const struct zone *zone = call->zone;
    int64_t ticks = args[0].integer;

    if (zone == NULL) {
        enum status status = zone_set_find(call->set, args[1].bytes, &zone, err);
        if (status != STATUS_OK || zone == NULL)
            return status;
    }
    int64_t seconds = ticks / TICKS_PER_SECOND - SECONDS_UNIX_EPOCH;
    int64_t offset = zone_offset(zone, seconds, clock) * TICKS_PER_SECOND;
    ticks += clock == ZONE_UTC ? offset : -offset;
    return ticks >= 0 && ticks <= TICKS_MAX ? give_long(ret, ticks) : STATUS_OK;
}

static enum status row_utc_to_local(ROW_PARAMETERS)
{
    (void)arg_count;
    return shift(eval, args, ZONE_UTC, ret, err);
}
ROW_EVAL(row_utc_to_local, TYPE_DATETIME)

static enum status row_local_to_utc(ROW_PARAMETERS)
{
    (void)arg_count;
    return shift(eval, args, ZONE_LOCAL, ret, err);
}
ROW_EVAL(row_local_to_utc, TYPE_DATETIME)
BIND(bind_shift, "ds", TYPE_DATETIME)

static enum status prepare_list(struct eval *eval, const struct argument *args,
                                uint32_t arg_count, void **ret_state, struct error *err)
{
    struct zone_set *set = NULL;
    enum status status = open_set(eval, &set, err);

    (void)args, (void)arg_count;
    *ret_state = set;
    return status;
}

static enum status row_list(ROW_PARAMETERS)
{
    struct buf buf;

    (void)args, (void)arg_count;
    text_start(&buf);
    enum status status = zone_set_names(eval->call_state, &buf, err);
    if (status == STATUS_OK)
        return give_buf(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_list, TYPE_DYNAMIC)
BIND(bind_list, "a", TYPE_DYNAMIC)

static const struct function functions[] = {
    {.name = "datetime_utc_to_local", .signature = "datetime_utc_to_local(date, timezone)",
     .summary = "what the clocks of a time zone show at an instant",
     .example = "datetime_utc_to_local(datetime(2024-07-01 12:00), 'Europe/Berlin') == "
                "datetime(2024-07-01 14:00)",
     .args_min = 2, .args_max = 2, .bind = bind_shift, .prepare = prepare_zone,
     .eval = eval_row_utc_to_local},
    {.name = "datetime_local_to_utc", .signature = "datetime_local_to_utc(date, timezone)",
     .summary = "the instant at which the clocks of a time zone show a time",
     .example = "datetime_local_to_utc(datetime(2024-07-01 14:00), 'Europe/Berlin') == "
                "datetime(2024-07-01 12:00)",
     .args_min = 2, .args_max = 2, .bind = bind_shift, .prepare = prepare_zone,
     .eval = eval_row_local_to_utc},
    {.name = "datetime_list_timezones", .signature = "datetime_list_timezones()",
     .summary = "the names of all time zones",
     .example = "set_has_element(datetime_list_timezones(), 'Europe/Berlin')", .args_min = 0,
     .args_max = 0, .bind = bind_list, .prepare = prepare_list, .eval = eval_row_list},
};

FUNCTION_FAMILY(zone, functions);

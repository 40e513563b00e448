/* SPDX-License-Identifier: Apache-2.0 */
/* fn_tdigest.c - reading what tdigest() made. */
#include "query/items.h"
#include "query/literal.h"
#include "query/tdigest_priv.h"
#include "table/dynamic.h"

/* False where it is no sketch (null then) or memory is out (err). */
static bool read_digest(struct eval *eval, const struct value *value, struct tdigest *ret,
                        struct error *err)
{
    err->status = STATUS_OK;
    return !value->is_null && tdigest_from_json(eval->arena, value->bytes, ret, err);
}

static enum status row_merge(ROW_PARAMETERS)
{
    struct tdigest all = {0};
    struct buf buf;

    for (uint32_t i = 0; i < arg_count; i++) {
        struct tdigest one;
        if (!read_digest(eval, &args[i], &one, err)) {
            if (err->status != STATUS_OK)
                return err->status;
            continue;
        }
        enum status status = tdigest_merge(eval->arena, &all, &one, err);
        if (status != STATUS_OK)
            return status;
    }
    if (all.count == 0)
        return STATUS_OK;
    buf_init(&buf, DYNAMIC_BYTES_MAX);
    tdigest_add_json(&all, &buf);
    return give_buf(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_merge, TYPE_DYNAMIC)

/* sketch, percent, type: what percentile() gives, as a dynamic where no type is named */
static enum status bind_percentile(BIND_PARAMETERS)
{
    struct slice name;

    want[0] = TYPE_DYNAMIC;
    want[1] = TYPE_REAL;
    *ret = TYPE_DYNAMIC;
    if (arg_count < 3)
        return STATUS_OK;
    if (!constant_text(args, 2, &name) || !type_from_name(name, ret))
        return ERROR_SET(err, STATUS_INVALID, "the third argument is a type such as typeof(long)");
    return STATUS_OK;
}

static enum status percentile(struct eval *eval, const struct value *args, enum type type,
                              struct value *ret, struct error *err)
{
    struct tdigest digest;

    if (!read_digest(eval, &args[0], &digest, err))
        return err->status;
    struct value value = tdigest_percentile(&digest, args[1].real);
    return value_convert(eval, &value, type, false, ret, err);
}

static enum status row_percentile(ROW_PARAMETERS)
{
    enum type type = TYPE_DYNAMIC;

    if (arg_count > 2)
        (void)type_from_name(args[2].bytes, &type);
    return percentile(eval, args, type, ret, err);
}

static enum status eval_percentile(EVAL_PARAMETERS)
{
    enum type type = TYPE_DYNAMIC;
    struct slice name;
    struct value third = arg_count > 2 ? row_value(&args[2], 0) : (struct value){0};

    name = third.bytes;
    if (arg_count > 2)
        (void)type_from_name(name, &type);
    struct row_call call = {args, arg_count, row_count, row_percentile, type, false, false};
    return function_rows(eval, &call, ret, err);
}

/* Are they one percent, a number or an array of one? */
static bool is_one_percent(const struct argument *percents)
{
    if (percents->type != TYPE_DYNAMIC)
        return true;
    return percents->constant != NULL && !percents->constant->is_null &&
           dynamic_count(percents->constant->bytes) == 1;
}

/* sketch, percents as numbers or one array, type: an array of what percentile() gives; of one
 * percent and a type it is a value of the type */
static enum status bind_percentiles(BIND_PARAMETERS)
{
    uint32_t last = arg_count - 1;
    enum type type;
    struct slice name;

    want[0] = TYPE_DYNAMIC;
    for (uint32_t i = 1; i < arg_count; i++)
        want[i] = args[i].type == TYPE_DYNAMIC ? TYPE_DYNAMIC : TYPE_REAL;
    *ret = TYPE_DYNAMIC;
    if (last < 2 || args[last].type != TYPE_STRING)
        return STATUS_OK;
    want[last] = TYPE_STRING;
    if (!constant_text(args, last, &name) || !type_from_name(name, &type))
        return ERROR_SET(err, STATUS_INVALID, "the last argument is a type such as typeof(long)");
    if (last == 2 && is_one_percent(&args[1]))
        *ret = type;
    return STATUS_OK;
}

static bool percent_of(struct slice item, double *ret)
{
    int64_t whole;

    if (!literal_long(item, &whole))
        return literal_real(item, ret);
    *ret = (double)whole;
    return true;
}

/* Of a type, or as the sketch has it: TYPE_DYNAMIC. */
static enum status add_percentile(struct eval *eval, struct tdigest *digest, double percent,
                                  enum type type, struct buf *buf, struct error *err)
{
    struct value value = tdigest_percentile(digest, percent);
    struct value typed = value;
    struct slice json;
    enum status status = STATUS_OK;

    if (type != TYPE_DYNAMIC)
        status = value_convert(eval, &value, type, false, &typed, err);
    if (status == STATUS_OK)
        status = value_json(eval, &typed, &json, err);
    if (status == STATUS_OK)
        list_add(buf, json);
    return status;
}

static enum status list_of_percentiles(struct eval *eval, const struct value *args,
                                       uint32_t arg_count, struct value *ret, struct error *err)
{
    struct tdigest digest;
    struct buf buf;
    enum type type = TYPE_DYNAMIC;
    enum status status = STATUS_OK;

    if (!read_digest(eval, &args[0], &digest, err))
        return err->status;
    if (args[arg_count - 1].type == TYPE_STRING)
        (void)type_from_name(args[arg_count - 1].bytes, &type);
    list_start(&buf);
    for (uint32_t i = 1; i < arg_count && status == STATUS_OK; i++) {
        struct items items = {0};
        if (args[i].type == TYPE_REAL)
            status = add_percentile(eval, &digest, args[i].real, type, &buf, err);
        else if (args[i].type == TYPE_DYNAMIC)
            status = items_of(eval, args[i].bytes, &items, err);
        for (uint32_t k = 0; k < items.count && status == STATUS_OK; k++) {
            double percent;
            if (percent_of(items.data[k], &percent))
                status = add_percentile(eval, &digest, percent, type, &buf, err);
        }
    }
    if (status != STATUS_OK) {
        buf_release(&buf);
        return status;
    }
    return list_give(eval, &buf, ret, err);
}

static enum status row_percentiles(ROW_PARAMETERS)
{
    struct value one[2] = {args[0], args[1]};

    if (ret->type == TYPE_DYNAMIC)
        return list_of_percentiles(eval, args, arg_count, ret, err);
    if (args[1].type == TYPE_DYNAMIC) {
        struct items items;
        enum status status = items_of(eval, args[1].bytes, &items, err);
        if (status != STATUS_OK)
            return status;
        if (items.count != 1 || !percent_of(items.data[0], &one[1].real))
            return STATUS_OK;
    }
    return percentile(eval, one, ret->type, ret, err);
}

static enum status eval_row_percentiles(EVAL_PARAMETERS)
{
    struct row_call call = {args, arg_count, row_count, row_percentiles, ret->type, false, false};

    return function_rows(eval, &call, ret, err);
}

static enum status bind_rank(BIND_PARAMETERS)
{
    (void)arg_count, (void)err;
    want[0] = TYPE_DYNAMIC;
    want[1] = tdigest_type(args[1].type);
    *ret = TYPE_REAL;
    return STATUS_OK;
}

static enum status rank(struct eval *eval, const struct value *args, bool percent,
                        struct value *ret, struct error *err)
{
    struct tdigest digest;
    double total;

    if (!read_digest(eval, &args[0], &digest, err))
        return err->status;
    double below = tdigest_rank(&digest, &args[1], &total);
    return give_real(ret, percent ? below * 100 / total : below);
}

static enum status row_rank(ROW_PARAMETERS)
{
    (void)arg_count;
    return rank(eval, args, false, ret, err);
}
ROW_EVAL(row_rank, TYPE_REAL)

static enum status row_percentrank(ROW_PARAMETERS)
{
    (void)arg_count;
    return rank(eval, args, true, ret, err);
}
ROW_EVAL(row_percentrank, TYPE_REAL)

static enum status row_isvalid(ROW_PARAMETERS)
{
    struct tdigest digest;
    bool valid = read_digest(eval, &args[0], &digest, err);

    (void)arg_count;
    return err->status == STATUS_OK ? give_bool(ret, valid) : err->status;
}
ROW_EVAL_LAZY(row_isvalid, TYPE_BOOL)

BIND(bind_merge, "y", TYPE_DYNAMIC)
BIND(bind_isvalid, "ya", TYPE_BOOL)

#define DIGEST "dynamic([[7],[1,2,3],[1,1,1]])"
#define READ(NAME, SIGNATURE, TEXT, EXAMPLE, MIN, MAX, KIND)                                       \
    {.name = (NAME), .signature = NAME SIGNATURE, .summary = (TEXT), .example = (EXAMPLE),         \
     .args_min = (MIN), .args_max = (MAX), .flags = FUNCTION_LAZY_NULL, .bind = bind_##KIND,       \
     .eval = eval_row_##KIND}

static const struct function functions[] = {
    {.name = "percentile_tdigest", .signature = "percentile_tdigest(sketch, percent [, type])",
     .summary = "a percentile of what tdigest() saw",
     .example = "percentile_tdigest(" DIGEST ", 50, typeof(long)) == 2", .args_min = 2,
     .args_max = 3, .bind = bind_percentile, .eval = eval_percentile},
    READ("percentiles_array_tdigest", "(sketch, percents [, type])",
         "percentiles of what tdigest() saw, as an array; of one with a type as its value",
         "tostring(percentiles_array_tdigest(" DIGEST ", 0, 100)) == '[1,3]'", 2, 64, percentiles),
    READ("percentile_array_tdigest", "(sketch, percents [, type])",
         "the same as percentiles_array_tdigest()",
         "tostring(percentile_array_tdigest(" DIGEST ", 0, 100)) == '[1,3]'", 2, 64, percentiles),
    READ("rank_tdigest", "(sketch, value)", "how many values that tdigest() saw are not greater",
         "rank_tdigest(" DIGEST ", 2) == 2", 2, 2, rank),
    {.name = "percentrank_tdigest", .signature = "percentrank_tdigest(sketch, value)",
     .summary = "how many percent of the values are not greater",
     .example = "percentrank_tdigest(" DIGEST ", 3) == 100", .args_min = 2, .args_max = 2,
     .bind = bind_rank, .eval = eval_row_percentrank},
    READ("merge_tdigest", "(sketch, ...)", "sketches of tdigest() joined into one",
         "rank_tdigest(merge_tdigest(" DIGEST ", " DIGEST "), 2) == 4", 1, 64, merge),
    READ("tdigest_merge", "(sketch, ...)", "the same as merge_tdigest()",
         "rank_tdigest(tdigest_merge(" DIGEST ", " DIGEST "), 2) == 4", 1, 64, merge),
    READ("tdigest_isvalid", "(sketch [, value])", "whether a dynamic is a sketch of tdigest()",
         "tdigest_isvalid(" DIGEST ") and not(tdigest_isvalid(dynamic([1])))", 1, 2, isvalid),
};

FUNCTION_FAMILY(tdigest, functions);

/* SPDX-License-Identifier: Apache-2.0 */
/* eval.c - evaluation of expressions over a batch, and the call machinery. */
#include "query/expr_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "query/run_priv.h"

static const struct expr *pure_single(const struct vector *args, uint32_t count,
                                      const struct expr *expr, uint32_t *ret_dict)
{
    uint32_t dicts = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (args[i].encoding == VECTOR_DICT) {
            dicts++;
            *ret_dict = i;
        } else if (args[i].encoding == VECTOR_FLAT) {
            return NULL;
        }
    }
    return dicts == 1 && (expr->function->flags & FUNCTION_IMPURE) == 0 ? expr : NULL;
}

/* Are the arguments beside the dictionary the same in every batch?  A column that is constant
 * in one batch may be another constant in the next, over the same dictionary: the legs of a
 * union say where they come from in this way. */
static bool is_rest_fixed(const struct expr *expr, uint32_t dict)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (i != dict && expr->args[i]->kind != EXPR_CONST)
            return false;
    }
    return true;
}

/* Sets null (or the empty text) where an argument is null. */
static enum status spread_nulls(struct arena *arena, const struct vector *args, uint32_t count,
                                struct vector *ret, struct error *err)
{
    bool any = false;
    uint32_t rows = ret->row_count;

    for (uint32_t i = 0; i < count; i++)
        any = any || args[i].nulls != NULL;
    if (!any)
        return STATUS_OK;
    struct vector flat;
    enum status status = STATUS_OK;
    if (ret->encoding != VECTOR_FLAT)
        status = vector_flatten(arena, ret, &flat, err);
    else
        flat = *ret;
    if (status != STATUS_OK)
        return status;
    uint8_t *nulls = arena_alloc_raw(arena, rows + 1, err);
    if (nulls == NULL)
        return err->status;
    bool found = false;
    for (uint32_t r = 0; r < rows; r++) {
        uint8_t null = flat.nulls != NULL && flat.nulls[r] != 0;
        for (uint32_t i = 0; i < count && null == 0; i++)
            null = vector_is_null(&args[i], r);
        nulls[r] = null;
        found = found || null != 0;
    }
    if (!found)
        return STATUS_OK;
    *ret = flat;
    if (ret->type != TYPE_STRING) {
        ret->nulls = nulls;
        return STATUS_OK;
    }
    struct slice *slices = ARENA_ARRAY(arena, struct slice, rows + 1, err);
    if (slices == NULL)
        return err->status;
    for (uint32_t r = 0; r < rows; r++)
        slices[r] = nulls[r] != 0 ? slice_from(NULL, 0) : flat.slices[r];
    ret->slices = slices;
    return STATUS_OK;
}

static enum status call_plain(struct worker *w, const struct expr *expr,
                              const struct vector *args, uint32_t rows, struct vector *ret,
                              struct error *err)
{
    struct eval eval = {.arena = w->batch_arena,
                        .query = w->run->query,
                        .query_arena = w->arena,
                        .now = w->run->query->now,
                        .constants = expr->constants,
                        .call_state = expr->call_state,
                        .row_base = &w->row_base};

    *ret = (struct vector){.type = expr->type};
    enum status status =
        expr->function->eval(&eval, args, expr->arg_count, rows, ret, err);
    if (status != STATUS_OK)
        return status;
    ret->type = expr->type;
    ret->home = NULL; /* it may be an argument's copy with other bytes */
    if ((expr->function->flags & FUNCTION_SPREAD_NULLS) == 0)
        return STATUS_OK;
    return spread_nulls(w->batch_arena, args, expr->arg_count, ret, err);
}

static struct site_cache *site_of(struct worker *w, uint32_t site, struct error *err)
{
    if (site >= w->site_capacity) {
        uint32_t capacity = (site + 1) * 2;
        struct site_cache *sites = ARENA_ARRAY(w->arena, struct site_cache, capacity, err);
        if (sites == NULL)
            return NULL;
        if (w->site_capacity > 0)
            memcpy(sites, w->sites, w->site_capacity * sizeof(*sites));
        w->sites = sites;
        w->site_capacity = capacity;
    }
    return &w->sites[site];
}

/* The call over a whole dictionary, from the cache if it is the same one. */
static enum status call_dictionary(struct worker *w, const struct expr *expr,
                                   const struct vector *args, uint32_t dict,
                                   struct vector *ret_values, struct error *err)
{
    const struct vector *d = &args[dict];
    struct site_cache *cache = NULL;

    if (d->dict_id != 0) {
        cache = site_of(w, expr->site, err);
        if (cache == NULL)
            return err->status;
        if (cache->dict_id == d->dict_id && cache->dict_size == d->dict_size) {
            *ret_values = cache->result;
            return STATUS_OK;
        }
        if (cache->arena == NULL) {
            cache->arena = arena_share(w->arena);
            if (cache->arena == NULL)
                return ERROR_MEMORY(err);
            enum status status = arena_on_free(w->arena, run_free_arena, cache->arena, err);
            if (status != STATUS_OK) {
                arena_free(cache->arena);
                cache->arena = NULL;
                return status;
            }
        }
        arena_clear(cache->arena);
        cache->dict_id = 0;
    }
    struct vector *views = ARENA_ARRAY(w->batch_arena, struct vector, expr->arg_count, err);
    if (views == NULL)
        return err->status;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        views[i] = args[i];
        views[i].row_count = d->dict_size;
    }
    views[dict].encoding = VECTOR_FLAT;
    views[dict].codes = NULL;
    enum status status = call_plain(w, expr, views, d->dict_size, ret_values, err);
    /* Copied: the bytes of the dictionary may move between two scans. */
    if (status == STATUS_OK && (cache != NULL || ret_values->encoding == VECTOR_DICT))
        status = vector_flatten(cache != NULL ? cache->arena : w->batch_arena, ret_values,
                                ret_values, err);
    if (status == STATUS_OK && cache != NULL) {
        cache->dict_id = d->dict_id;
        cache->dict_size = d->dict_size;
        cache->result = *ret_values;
    }
    return status;
}

static bool has_codes_of_one(const struct expr *expr, const struct vector *args)
{
    return (expr->function->flags & FUNCTION_COMPARES_CODES) != 0 &&
           args[0].encoding == VECTOR_DICT && args[1].encoding == VECTOR_DICT &&
           args[0].type == TYPE_STRING && args[0].dict_unique && args[0].dict_id != 0 &&
           args[0].dict_id == args[1].dict_id && args[0].dict_size == args[1].dict_size;
}

/* The call a row at a time: no argument is a dictionary. */
static enum status call_rows(struct worker *w, const struct expr *expr, struct vector *args,
                             uint32_t rows, struct vector *ret, struct error *err)
{
    enum status status = STATUS_OK;

    *err = (struct error){0};
    for (uint32_t i = 0; i < expr->arg_count && status == STATUS_OK; i++) {
        if (args[i].encoding == VECTOR_DICT)
            status = run_expand(w->batch_arena, &args[i], &args[i], err);
    }
    return status != STATUS_OK ? status : call_plain(w, expr, args, rows, ret, err);
}

static enum status call_lifted(struct worker *w, const struct expr *expr, struct vector *args,
                               uint32_t rows, struct vector *ret, struct error *err)
{
    uint32_t dict = 0;
    bool all_const = expr->arg_count > 0 && (expr->function->flags & FUNCTION_IMPURE) == 0;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < expr->arg_count; i++)
        all_const = all_const && args[i].encoding == VECTOR_CONST;
    if (all_const) {
        for (uint32_t i = 0; i < expr->arg_count; i++)
            args[i].row_count = 1;
        status = call_plain(w, expr, args, 1, ret, err);
        if (status == STATUS_OK && ret->encoding == VECTOR_DICT)
            status = vector_flatten(w->batch_arena, ret, ret, err);
        ret->encoding = VECTOR_CONST;
        ret->row_count = rows;
        return status;
    }
    bool is_single = pure_single(args, expr->arg_count, expr, &dict) != NULL;
    if (is_single && !is_rest_fixed(expr, dict))
        args[dict].dict_id = 0; /* nothing of it is kept */
    if (is_single &&
        (args[dict].dict_size <= rows ||
         (args[dict].dict_id != 0 && args[dict].dict_size / 16 <= rows))) {
        struct vector values;
        status = call_dictionary(w, expr, args, dict, &values, err);
        if (status == STATUS_INVALID) /* a value that no row may have: the rows are asked */
            return call_rows(w, expr, args, rows, ret, err);
        if (status != STATUS_OK)
            return status;
        *ret = values;
        ret->row_count = rows;
        if (values.encoding == VECTOR_CONST)
            return STATUS_OK;
        ret->encoding = VECTOR_DICT;
        ret->codes = args[dict].codes;
        ret->dict_size = args[dict].dict_size;
        ret->dict_unique = false;
        /* The same site over the same dictionary: the next call may cache too. */
        ret->dict_id = args[dict].dict_id == 0 ? 0
                                               : hash_u64(args[dict].dict_id * 31 + expr->site + 1);
        return STATUS_OK;
    }
    if (has_codes_of_one(expr, args))
        return call_plain(w, expr, args, rows, ret, err);
    return call_rows(w, expr, args, rows, ret, err);
}

/* 0 false, 1 true, 2 null. */
static inline uint8_t logic_at(const struct vector *v, uint32_t row)
{
    uint32_t i = vector_index(v, row);
    if (v->nulls != NULL && v->nulls[i] != 0)
        return 2;
    return v->booleans[i] != 0;
}

/* Is the term worked out in no more time than it takes to gather the rows that are open?  It is
 * a comparison of columns and constants that fails for no row. */
static bool is_quick(const struct expr *term)
{
    bool is =
        term->kind == EXPR_CALL && (term->function->flags & FUNCTION_COMPARES_CODES) != 0;

    for (uint32_t i = 0; i < term->arg_count && is; i++)
        is = term->args[i]->type != TYPE_DYNAMIC && term->args[i]->type != TYPE_DECIMAL &&
             (term->args[i]->kind == EXPR_COLUMN || term->args[i]->kind == EXPR_CONST);
    return is;
}

/* The rows that are open, and what is known of all. */
struct open_rows {
    uint32_t *rows;
    uint32_t count;
    uint8_t *values; /* a row of the batch: 0 false, 1 true, 2 null */
    uint8_t decided; /* the value that ends it */
    bool has_all;    /* the term was given all rows, not these alone */
};

static inline void close_row(struct open_rows *open, uint32_t i, uint32_t *left, uint8_t value)
{
    uint32_t row = open->rows[i];
    uint8_t *known = &open->values[row];

    *known = value == open->decided || value == 2 ? value : *known;
    open->rows[*left] = row;
    *left += value != open->decided;
}

/* For terms without nulls; codes NULL: a row is a value.  Nothing branches by what it is. */
static inline void close_plain(struct open_rows *open, const struct vector *term,
                               const uint32_t *codes)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < open->count; i++) {
        uint32_t at = open->has_all ? open->rows[i] : i;
        close_row(open, i, &left, term->booleans[codes == NULL ? at : codes[at]] != 0);
    }
    open->count = left;
}

/* Notes what a term says of the rows that are open; true: of some that it is null. */
static bool close_rows(struct open_rows *open, const struct vector *term)
{
    uint32_t left = 0;
    bool nulls = false;

    if (term->nulls == NULL && term->encoding == VECTOR_FLAT) {
        close_plain(open, term, NULL);
        return false;
    }
    if (term->nulls == NULL && term->encoding == VECTOR_DICT) {
        close_plain(open, term, term->codes);
        return false;
    }
    for (uint32_t i = 0; i < open->count; i++) {
        uint8_t value = logic_at(term, open->has_all ? open->rows[i] : i);
        nulls = nulls || value == 2;
        close_row(open, i, &left, value);
    }
    open->count = left;
    return nulls;
}

/* `and` and `or` look only at the rows that the terms before left open. */
static enum status eval_logic(struct worker *w, const struct expr *expr,
                              const struct batch *batch, struct vector *ret, struct error *err)
{
    uint32_t rows = batch->row_count;
    struct arena *arena = w->batch_arena;
    struct open_rows open = {
        .rows = arena_alloc_raw(arena, ((size_t)rows + 1) * sizeof(*open.rows), err),
        .count = rows,
        .values = arena_alloc_raw(arena, (size_t)rows + 1, err),
        .decided = expr->kind == EXPR_OR};
    uint8_t *values = open.values;
    struct batch part = *batch;
    bool nulls = false;

    if (open.rows == NULL || values == NULL)
        return err->status;
    memset(values, !open.decided, rows);
    for (uint32_t i = 0; i < rows; i++)
        open.rows[i] = i;
    for (uint32_t t = 0; t < expr->arg_count && open.count > 0; t++) {
        const struct expr *e = expr->args[t];
        struct vector term;
        open.has_all = open.count == rows || (open.count > rows / 4 && is_quick(e));
        enum status status = STATUS_OK;
        if (!open.has_all) /* each term has columns of its own */
            status = run_take_needed(w, batch, e, open.rows, open.count, &part, err);
        if (status == STATUS_OK)
            status = expr_eval(w, e, open.has_all ? batch : &part, &term, err);
        if (status != STATUS_OK)
            return status;
        if (close_rows(&open, &term))
            nulls = true;
    }
    uint8_t *null_bytes = NULL;
    if (nulls) {
        null_bytes = arena_alloc(arena, rows + 1, err);
        if (null_bytes == NULL)
            return err->status;
        for (uint32_t i = 0; i < rows; i++) {
            null_bytes[i] = values[i] == 2;
            values[i] = values[i] == 1;
        }
    }
    *ret = (struct vector){.type = TYPE_BOOL,
                           .encoding = VECTOR_FLAT,
                           .row_count = rows,
                           .booleans = values,
                           .nulls = null_bytes};
    return STATUS_OK;
}

/* The column whose member's text the expression is, if it comes without its own. */
static const struct vector *member_text(const struct expr *expr, const struct batch *batch)
{
    while (expr->kind == EXPR_CALL)
        expr = expr->args[0];
    return batch->columns[expr->column].member;
}

enum status expr_eval(struct worker *w, const struct expr *expr, const struct batch *batch,
                      struct vector *ret, struct error *err)
{
    const struct vector *text = expr->is_member ? member_text(expr, batch) : NULL;

    if (text != NULL) {
        *ret = *text;
        return STATUS_OK;
    }
    switch (expr->kind) {
    case EXPR_CONST:
        return vector_const(w->batch_arena, &expr->value, batch->row_count, ret, err);
    case EXPR_COLUMN:
        CHECK(expr->column < batch->column_count);
        *ret = batch->columns[expr->column];
        return STATUS_OK;
    case EXPR_AND:
    case EXPR_OR:
        return eval_logic(w, expr, batch, ret, err);
    case EXPR_CALL:
        break;
    }
    struct vector *args =
        arena_alloc_raw(w->batch_arena, (expr->arg_count + (size_t)1) * sizeof(*args), err);
    if (args == NULL)
        return err->status;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        enum status status = expr_eval(w, expr->args[i], batch, &args[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return call_lifted(w, expr, args, batch->row_count, ret, err);
}

enum status expr_eval_constant(struct worker *w, const struct expr *expr, struct value *ret,
                               struct error *err)
{
    struct batch batch = {.row_count = 1};
    struct vector v;
    enum status status = expr_eval(w, expr, &batch, &v, err);

    if (status == STATUS_OK) {
        *ret = vector_value(&v, 0);
        ret->type = expr->type;
    }
    return status;
}

uint32_t expr_select(const struct vector *v, uint32_t *rows)
{
    uint32_t count = 0;

    if (v->encoding == VECTOR_CONST) {
        if (logic_at(v, 0) != 1)
            return 0;
        for (uint32_t r = 0; r < v->row_count; r++)
            rows[r] = r;
        return v->row_count;
    }
    if (v->encoding == VECTOR_FLAT && v->nulls == NULL) {
        for (uint32_t r = 0; r < v->row_count; r++) {
            rows[count] = r;
            count += v->booleans[r] != 0;
        }
        return count;
    }
    for (uint32_t r = 0; r < v->row_count; r++) {
        rows[count] = r;
        count += logic_at(v, r) == 1;
    }
    return count;
}

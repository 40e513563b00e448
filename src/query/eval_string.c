/* SPDX-License-Identifier: Apache-2.0 */
/* eval_string.c - has, contains, startswith ... and the lists of in, has_any.
 *
 * What `has` finds table/search.h says, what a term is base/term.h, how case folds base/fold.h.
 */
#include "base/fold.h"
#include "base/hash.h"
#include "query/expr_priv.h"
#include "query/regex.h"
#include "table/search.h"

#define AT(v, i) ((v)->encoding == VECTOR_CONST ? 0 : (i))

enum search_kind { EQUAL, HAS, HAS_PREFIX, HAS_SUFFIX, CONTAINS, STARTS, ENDS };

struct search {
    enum search_kind kind;
    bool exact, negated;
};

static inline bool matches(struct search s, struct slice text, struct slice part)
{
    bool exact = s.exact;

    switch (s.kind) {
    case EQUAL:
        return search_equal(text, part, exact);
    case HAS:
        return search_has(text, part, exact, false, false);
    case HAS_PREFIX:
        return search_has(text, part, exact, false, true);
    case HAS_SUFFIX:
        return search_has(text, part, exact, true, false);
    case CONTAINS:
        return search_contains(text, part, exact);
    case STARTS:
        return search_starts(text, part, exact);
    case ENDS:
        return search_ends(text, part, exact);
    }
    return false;
}

static enum status search(struct search s, struct eval *eval, const struct vector *args,
                          uint32_t rows, struct vector *ret, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_BOOL, rows, false, ret, err);
    void *data = vector_data(ret);

    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct slice text = args[0].slices[AT(&args[0], i)];
        ((uint8_t *)data)[i] = matches(s, text, args[1].slices[AT(&args[1], i)]) != s.negated;
        status = eval_spend(eval, text.size + 16, err);
    }
    return status;
}

#define SEARCH_AS(NAME, KIND, EXACT, NEGATED)                                                      \
    static enum status NAME(struct eval *e, const struct vector *a, uint32_t n, uint32_t r,        \
                            struct vector *v, struct error *err)                                   \
    {                                                                                              \
        (void)n;                                                                                   \
        return search((struct search){KIND, EXACT, NEGATED}, e, a, r, v, err);                     \
    }
#define SEARCH(NAME, KIND)                                                                         \
    SEARCH_AS(NAME##_ci, KIND, false, false)                                                       \
    SEARCH_AS(NAME##_not_ci, KIND, false, true)                                                    \
    SEARCH_AS(NAME##_cs, KIND, true, false)                                                        \
    SEARCH_AS(NAME##_not_cs, KIND, true, true)
SEARCH_AS(equal_ci, EQUAL, false, false)
SEARCH_AS(equal_not_ci, EQUAL, false, true)
SEARCH(has, HAS)
SEARCH(prefix, HAS_PREFIX)
SEARCH(suffix, HAS_SUFFIX)
SEARCH(contains, CONTAINS)
SEARCH(starts, STARTS)
SEARCH(ends, ENDS)

#define ROW(NAME, EVAL) {.name = NAME, .eval = EVAL}

const struct function *operator_string(struct slice name)
{
    static const struct function functions[] = {
        ROW("=~", equal_ci),           ROW("!~", equal_not_ci),
        ROW("has", has_ci),            ROW("!has", has_not_ci),
        ROW("has_cs", has_cs),         ROW("!has_cs", has_not_cs),
        ROW("hascs", has_cs),          ROW("!hascs", has_not_cs),
        ROW("hasprefix", prefix_ci),   ROW("!hasprefix", prefix_not_ci),
        ROW("hasprefix_cs", prefix_cs), ROW("!hasprefix_cs", prefix_not_cs),
        ROW("hassuffix", suffix_ci),   ROW("!hassuffix", suffix_not_ci),
        ROW("hassuffix_cs", suffix_cs), ROW("!hassuffix_cs", suffix_not_cs),
        ROW("contains", contains_ci),  ROW("!contains", contains_not_ci),
        ROW("contains_cs", contains_cs), ROW("!contains_cs", contains_not_cs),
        ROW("containscs", contains_cs), ROW("!containscs", contains_not_cs),
        ROW("notcontains", contains_not_ci), ROW("notcontainscs", contains_not_cs),
        ROW("startswith", starts_ci),  ROW("!startswith", starts_not_ci),
        ROW("startswith_cs", starts_cs), ROW("!startswith_cs", starts_not_cs),
        ROW("endswith", ends_ci),      ROW("!endswith", ends_not_ci),
        ROW("endswith_cs", ends_cs),   ROW("!endswith_cs", ends_not_cs)};

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (slice_is(name, functions[i].name))
            return &functions[i];
    }
    return NULL;
}

/* ---- has_any, has_all ---- */

static enum status eval_has_list(struct eval *eval, const struct vector *args,
                                 uint32_t arg_count, uint32_t rows, struct vector *ret,
                                 struct error *err)
{
    const struct has_list *list = eval->call_state;
    enum status status = vector_flat(eval->arena, TYPE_BOOL, rows, false, ret, err);
    void *data = vector_data(ret);

    (void)arg_count;
    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct slice text = args[0].slices[AT(&args[0], i)];
        bool result = list->all;
        for (uint32_t w = 0; w < list->count && result == list->all && status == STATUS_OK; w++) {
            result = search_has(text, list->words[w], false, false, false);
            status = eval_spend(eval, text.size + 16, err);
        }
        ((uint8_t *)data)[i] = result != list->negated;
    }
    return status;
}

const struct function operator_has_list = {.name = "has_any", .eval = eval_has_list};

/* ---- matches regex ---- */

static enum status eval_regex(struct eval *eval, const struct vector *args, uint32_t arg_count,
                              uint32_t rows, struct vector *ret, struct error *err)
{
    enum status status = vector_flat(eval->arena, TYPE_BOOL, rows, false, ret, err);
    void *data = vector_data(ret);

    (void)arg_count;
    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct regex_matches m = {.eval = eval,
                                  .regex = eval->call_state,
                                  .text = args[0].slices[AT(&args[0], i)]};
        status = regex_next(&m, NULL, 0, err);
        ((uint8_t *)data)[i] = m.found;
    }
    return status;
}

const struct function operator_regex = {.name = "matches regex", .eval = eval_regex};

/* ---- in ---- */

struct in_set {
    struct arena *arena;
    enum type type;
    bool nocase, negated, has_null;
    struct value *values;
    uint32_t count, capacity;
    uint32_t *slots;
    uint32_t slot_count;
};

/* The same for texts that are the same but for case. */
static uint64_t hash_folded(struct slice text)
{
    uint64_t h = hash_seed();

    if (fold_is_ascii(text)) {
        for (size_t i = 0; i < text.size; i++)
            h = (h ^ search_fold((unsigned char)text.data[i])) * UINT64_C(0x100000001b3);
    } else {
        for (size_t i = 0; i < text.size;)
            h = (h ^ fold_next(text, &i)) * UINT64_C(0x100000001b3);
    }
    return hash_u64(h);
}

static uint64_t hash_value(const struct value *v, bool nocase)
{
    if (type_is_bytes(v->type))
        return nocase ? hash_folded(v->bytes) : hash_slice(v->bytes);
    if (v->type == TYPE_GUID)
        return hash_xxh3(&v->guid, sizeof(v->guid), 0);
    if (v->type == TYPE_BOOL)
        return hash_u64(v->boolean);
    uint64_t bits;
    double real = v->real == 0 ? 0 : v->real;
    memcpy(&bits, v->type == TYPE_REAL ? (const void *)&real : (const void *)&v->integer, 8);
    return hash_u64(bits);
}

static bool same_value(const struct value *a, const struct value *b, bool nocase)
{
    if (nocase && type_is_bytes(a->type))
        return search_equal(b->bytes, a->bytes, false);
    return value_compare(a, b) == 0;
}

struct in_set *in_set_new(struct arena *arena, enum type type, bool nocase, bool negated,
                          uint32_t value_count, struct error *err)
{
    struct in_set *set = ARENA_NEW(arena, struct in_set, err);
    uint32_t slots = 16;

    while (slots < value_count * 2)
        slots *= 2;
    if (set == NULL)
        return NULL;
    *set = (struct in_set){.arena = arena,
                           .type = type,
                           .nocase = nocase,
                           .negated = negated,
                           .capacity = value_count,
                           .slot_count = slots};
    set->values = ARENA_ARRAY(arena, struct value, value_count + 1, err);
    set->slots = ARENA_ARRAY(arena, uint32_t, slots, err);
    return set->values == NULL || set->slots == NULL ? NULL : set;
}

static bool in_set_has(const struct in_set *set, const struct value *v, uint32_t *ret_slot)
{
    uint32_t mask = set->slot_count - 1;
    uint32_t i = (uint32_t)hash_value(v, set->nocase) & mask;

    for (; set->slots[i] != 0; i = (i + 1) & mask) {
        if (same_value(&set->values[set->slots[i] - 1], v, set->nocase))
            return true;
    }
    *ret_slot = i;
    return false;
}

enum status in_set_add(struct in_set *set, const struct value *value, struct error *err)
{
    uint32_t slot;

    if (value->is_null) {
        set->has_null = true;
        return STATUS_OK;
    }
    if (in_set_has(set, value, &slot))
        return STATUS_OK;
    if (set->count == set->capacity)
        return ERROR_SET(err, STATUS_LIMIT, "a list has more than %u values", set->capacity);
    set->values[set->count] = *value;
    if (type_is_bytes(value->type)) {
        set->values[set->count].bytes = arena_copy(set->arena, value->bytes, err);
        if (set->values[set->count].bytes.data == NULL)
            return err->status;
    }
    set->slots[slot] = ++set->count;
    return STATUS_OK;
}

uint32_t in_set_values(const struct in_set *set, const struct value **ret)
{
    *ret = set->values;
    return set->has_null ? 0 : set->count;
}

bool in_set_is_negated(const struct in_set *set)
{
    return set->negated;
}

bool in_set_is_nocase(const struct in_set *set)
{
    return set->nocase;
}

static enum status eval_in(struct eval *eval, const struct vector *args, uint32_t arg_count,
                           uint32_t rows, struct vector *ret, struct error *err)
{
    const struct in_set *set = eval->call_state;
    uint32_t slot;
    enum status status = vector_flat(eval->arena, TYPE_BOOL, rows, false, ret, err);
    void *data = vector_data(ret);

    (void)arg_count;
    for (uint32_t i = 0; i < rows && status == STATUS_OK; i++) {
        struct value v = vector_value(&args[0], i);
        v.type = set->type;
        bool found = v.is_null ? set->has_null : in_set_has(set, &v, &slot);
        ((uint8_t *)data)[i] = found != set->negated;
        if (type_is_bytes(v.type))
            status = eval_spend(eval, v.bytes.size, err);
    }
    return status;
}

const struct function operator_in = {.name = "in", .eval = eval_in};

/* SPDX-License-Identifier: Apache-2.0 */
/* eval_string.c - has, contains, startswith ... and the lists of in, has_any.
 *
 * What `has` finds table/search.h says, what a term is base/term.h, how case folds base/fold.h.
 */
#include "base/fold.h"
#include "base/hash.h"
#include "query/expr_priv.h"
#include "query/regex.h"
#include "query/special.h"
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

/* Those without a function are bound in a way of their own: bind_in.c, bind_string_op(). */
static const struct text_operator {
    struct special about;
    struct function function;
    enum text_operand operand;
    bool is_old;
} text_operators[] = {
#define TEXT(NAME, EVAL, SIGNATURE, SUMMARY, EXAMPLE)                                              \
    {{NAME, SIGNATURE, SUMMARY, EXAMPLE}, {.name = NAME, .eval = EVAL}, TEXT_OPERAND_TEXT, false}
#define LIST(NAME, SIGNATURE, SUMMARY, EXAMPLE)                                                    \
    {{NAME, SIGNATURE, SUMMARY, EXAMPLE}, {.name = NAME}, TEXT_OPERAND_LIST, false}
#define OLD(NAME, EVAL, SIGNATURE, SUMMARY, EXAMPLE)                                               \
    {{NAME, SIGNATURE, SUMMARY, EXAMPLE}, {.name = NAME, .eval = EVAL}, TEXT_OPERAND_TEXT, true}
    TEXT("has", has_ci, "has \"text\"", "has this word, whatever the case; the fastest search",
         "'North America' has 'america'"),
    TEXT("!has", has_not_ci, "!has \"text\"", "does not have this word",
         "'NorthAmerica' !has 'america'"),
    TEXT("has_cs", has_cs, "has_cs \"text\"", "has this word, written so",
         "'North America' has_cs 'America'"),
    TEXT("!has_cs", has_not_cs, "!has_cs \"text\"", "does not have this word, written so",
         "'North America' !has_cs 'america'"),
    TEXT(":", NULL, ": \"text\"", "the same as has", "'North America' : 'america'"),
    LIST("has_any", "has_any (\"text\", ...)", "has one of the words",
         "'North America' has_any ('south', 'north')"),
    LIST("!has_any", "!has_any (\"text\", ...)", "has none of the words",
         "'North America' !has_any ('south', 'east')"),
    LIST("has_all", "has_all (\"text\", ...)", "has all of the words",
         "'North America' has_all ('america', 'north')"),
    LIST("!has_all", "!has_all (\"text\", ...)", "does not have all of the words",
         "'North America' !has_all ('south', 'north')"),
    TEXT("hasprefix", prefix_ci, "hasprefix \"text\"", "has a word that begins so",
         "'North America' hasprefix 'ame'"),
    TEXT("!hasprefix", prefix_not_ci, "!hasprefix \"text\"", "has no word that begins so",
         "'North America' !hasprefix 'mer'"),
    TEXT("hasprefix_cs", prefix_cs, "hasprefix_cs \"text\"",
         "has a word that begins so, written so", "'North America' hasprefix_cs 'Ame'"),
    TEXT("!hasprefix_cs", prefix_not_cs, "!hasprefix_cs \"text\"",
         "has no word that begins so, written so", "'North America' !hasprefix_cs 'ame'"),
    TEXT("hassuffix", suffix_ci, "hassuffix \"text\"", "has a word that ends so",
         "'North America' hassuffix 'RTH'"),
    TEXT("!hassuffix", suffix_not_ci, "!hassuffix \"text\"", "has no word that ends so",
         "'North America' !hassuffix 'nor'"),
    TEXT("hassuffix_cs", suffix_cs, "hassuffix_cs \"text\"", "has a word that ends so, written so",
         "'North America' hassuffix_cs 'rth'"),
    TEXT("!hassuffix_cs", suffix_not_cs, "!hassuffix_cs \"text\"",
         "has no word that ends so, written so", "'North America' !hassuffix_cs 'RTH'"),
    TEXT("contains", contains_ci, "contains \"text\"", "has this text anywhere, whatever the case",
         "'FabriKam' contains 'BRik'"),
    TEXT("!contains", contains_not_ci, "!contains \"text\"", "does not have this text",
         "'FabriKam' !contains 'xyz'"),
    TEXT("contains_cs", contains_cs, "contains_cs \"text\"", "has this text anywhere, written so",
         "'FabriKam' contains_cs 'Kam'"),
    TEXT("!contains_cs", contains_not_cs, "!contains_cs \"text\"",
         "does not have this text, written so", "'FabriKam' !contains_cs 'kam'"),
    TEXT("startswith", starts_ci, "startswith \"text\"", "begins so, whatever the case",
         "'FabriKam' startswith 'fab'"),
    TEXT("!startswith", starts_not_ci, "!startswith \"text\"", "does not begin so",
         "'FabriKam' !startswith 'kam'"),
    TEXT("startswith_cs", starts_cs, "startswith_cs \"text\"", "begins so, written so",
         "'FabriKam' startswith_cs 'Fab'"),
    TEXT("!startswith_cs", starts_not_cs, "!startswith_cs \"text\"",
         "does not begin so, written so", "'FabriKam' !startswith_cs 'fab'"),
    TEXT("endswith", ends_ci, "endswith \"text\"", "ends so, whatever the case",
         "'FabriKam' endswith 'KAM'"),
    TEXT("!endswith", ends_not_ci, "!endswith \"text\"", "does not end so",
         "'FabriKam' !endswith 'fab'"),
    TEXT("endswith_cs", ends_cs, "endswith_cs \"text\"", "ends so, written so",
         "'FabriKam' endswith_cs 'Kam'"),
    TEXT("!endswith_cs", ends_not_cs, "!endswith_cs \"text\"", "does not end so, written so",
         "'FabriKam' !endswith_cs 'kam'"),
    TEXT("matches regex", NULL, "matches regex \"pattern\"", "matches a pattern of RE2",
         "'FabriKam' matches regex 'b.i[A-Z]'"),
    TEXT("=~", equal_ci, "=~ \"text\"", "equal, whatever the case", "'FabriKam' =~ 'fabrikam'"),
    TEXT("!~", equal_not_ci, "!~ \"text\"", "not equal, whatever the case",
         "'FabriKam' !~ 'fabric'"),
    LIST("in", "in (value, ...)", "one of the values", "'a' in ('a', 'b')"),
    LIST("!in", "!in (value, ...)", "none of the values", "'A' !in ('a', 'b')"),
    LIST("in~", "in~ (value, ...)", "one of the values, whatever the case", "'A' in~ ('a', 'b')"),
    LIST("!in~", "!in~ (value, ...)", "none of the values, whatever the case",
         "'C' !in~ ('a', 'b')"),
    OLD("hascs", has_cs, "hascs \"text\"", "the same as has_cs", "'North America' hascs 'America'"),
    OLD("!hascs", has_not_cs, "!hascs \"text\"", "the same as !has_cs",
        "'North America' !hascs 'america'"),
    OLD("containscs", contains_cs, "containscs \"text\"", "the same as contains_cs",
        "'FabriKam' containscs 'Kam'"),
    OLD("!containscs", contains_not_cs, "!containscs \"text\"", "the same as !contains_cs",
        "'FabriKam' !containscs 'kam'"),
    OLD("notcontains", contains_not_ci, "notcontains \"text\"", "the same as !contains",
        "'FabriKam' notcontains 'xyz'"),
    OLD("notcontainscs", contains_not_cs, "notcontainscs \"text\"", "the same as !contains_cs",
        "'FabriKam' notcontainscs 'kam'"),
#undef TEXT
#undef LIST
#undef OLD
};

#define TEXT_OPERATORS (sizeof(text_operators) / sizeof(text_operators[0]))

static const struct text_operator *find_operator(struct slice name)
{
    for (size_t i = 0; i < TEXT_OPERATORS; i++) {
        if (slice_is(name, text_operators[i].about.name))
            return &text_operators[i];
    }
    return NULL;
}

const struct function *operator_string(struct slice name)
{
    const struct text_operator *found = find_operator(name);

    return found == NULL || found->function.eval == NULL ? NULL : &found->function;
}

enum text_operand special_text_operand(struct slice name)
{
    const struct text_operator *found = find_operator(name);

    return found == NULL ? TEXT_OPERAND_NONE : found->operand;
}

const struct special *special_text_at(uint32_t index)
{
    return index < TEXT_OPERATORS ? &text_operators[index].about : NULL;
}

bool special_text_is_old(uint32_t index)
{
    return text_operators[index].is_old;
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

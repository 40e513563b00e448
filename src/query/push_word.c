/* SPDX-License-Identifier: Apache-2.0 */
/* push_word.c - which expressions leave no word in that their input has not.
 *
 * A word that is looked for in all columns of a projection may be looked for in all columns of
 * its input, if each output gives columns and constants on: one of several, as a part that ends
 * where terms do, or packed into a bag.  What is not known here makes words, as far as is known.
 */
#include "query/op_priv.h"
#include "table/search.h"

/* Which arguments the result is made of: from `first` on every `step`th, and the last. */
struct passing {
    const char *name;
    uint32_t first, step;
    bool is_packing; /* texts become JSON */
    const char *made; /* NULL, or the words that are there for any argument */
};

#define ONE UINT32_MAX /* as a step: `first` alone */

static const struct passing passings[] = {
    {"tostring", 0, ONE, false, NULL},
    {"tolower", 0, ONE, false, NULL},
    {"toupper", 0, ONE, false, NULL},
    {"iff", 1, 1, false, NULL},
    {"iif", 1, 1, false, NULL},
    {"case", 1, 2, false, NULL}, /* conditions and values in turn, a value at the end */
    {"coalesce", 0, 1, false, NULL},
    {"bag_pack", 0, 1, true, NULL},
    {"pack", 0, 1, true, NULL},
    {"pack_all", 0, ONE, false, NULL}, /* a bag without its empty members */
    {"pack_array", 0, 1, true, NULL},
    {"pack_record", 0, ONE, true, NULL}, /* a bag, or a member of it */
    {"bag_merge", 0, 1, false, NULL},
    {"bag_remove_keys", 0, ONE, false, NULL},
    {"entra_initiator", 0, 1, true, /* an identity is cut at _, where terms end */
     "user app id displayName userPrincipalName ipAddress appId servicePrincipalId "
     "servicePrincipalName null"},
    {"entra_device", 0, ONE, true,
     "deviceId displayName operatingSystem browser isCompliant isManaged trustType true false "
     "null Azure AD registered, Azure AD joined, Hybrid Azure AD joined"},
};

static bool is_constant_text(const struct expr *e)
{
    return e->kind == EXPR_CONST && e->type == TYPE_STRING && e->value.bytes.size > 0;
}

/* Terms of a part between such delimiters are terms of the whole. */
static bool splits_at_terms(const struct expr *e)
{
    size_t at = 0;
    struct slice term;

    return is_constant_text(e->args[1]) && !search_next_term(e->args[1]->value.bytes, &at, &term);
}

/* A pattern with one group, between quotation marks: as values are cut out of JSON. */
static bool cuts_between_quotes(const struct expr *e)
{
    const struct expr *group = e->args[1];

    if (!is_constant_text(e->args[0]) || group->kind != EXPR_CONST || group->value.integer != 1)
        return false;
    struct slice pattern = e->args[0]->value.bytes;
    size_t open = slice_find(pattern, SLICE("\"("), 0);
    size_t close = open == SIZE_MAX ? SIZE_MAX : slice_find(pattern, SLICE(")\""), open);
    bool is_optional = close != SIZE_MAX && close + 2 < pattern.size &&
                       memchr("?*{", pattern.data[close + 2], 3) != NULL;
    return close != SIZE_MAX && !is_optional && slice_find_byte(pattern, '|', 0) == SIZE_MAX &&
           slice_find_byte(pattern, '\\', 0) == SIZE_MAX &&
           slice_find_byte(pattern, '(', open + 2) == SIZE_MAX &&
           slice_find_byte(pattern, '(', 0) == open + 1;
}

/* A pattern of one character that is in no term, as in trim(@'\.', ...). */
static bool trims_between_terms(const struct expr *e)
{
    struct slice pattern = is_constant_text(e->args[0]) ? e->args[0]->value.bytes : SLICE("");

    return pattern.size == 2 && pattern.data[0] == '\\' &&
           memchr(".-_/\\:;,!?()[]", pattern.data[1], 14) != NULL;
}

static bool is_free_of(const struct expr *constant, struct slice word)
{
    if (constant->value.is_null)
        return true;
    return type_is_bytes(constant->type) &&
           slice_find_byte(constant->value.bytes, '\\', 0) == SIZE_MAX &&
           !search_contains(constant->value.bytes, word, false);
}

/* Is there a character in the word that no value of the type is shown with? */
static bool is_never_shown(enum type type, struct slice word)
{
    static const char *const shown[] = {
        [TYPE_BOOL] = "TtRrUuEeFfAaLlSs",
        [TYPE_INT] = "0123456789-",
        [TYPE_LONG] = "0123456789-",
        [TYPE_REAL] = "0123456789.-+EeNnAaIiFfTtYy",
        [TYPE_DATETIME] = "0123456789-:.TtZz",
        [TYPE_TIMESPAN] = "0123456789-:.",
        [TYPE_GUID] = "0123456789abcdefABCDEF-",
    };

    if (type >= sizeof(shown) / sizeof(shown[0]) || shown[type] == NULL)
        return false;
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] == '\0' || strchr(shown[type], word.data[i]) == NULL)
            return true;
    }
    return false;
}

bool push_may_begin_with_escape(struct slice word)
{
    return memchr("bfnrtuBFNRTU", word.data[0], 12) != NULL;
}

static const struct passing *passing_of(const struct expr *e)
{
    struct slice name = slice_of(e->function->name);

    for (size_t i = 0; i < sizeof(passings) / sizeof(passings[0]); i++) {
        if (slice_is(name, passings[i].name))
            return &passings[i];
    }
    return NULL;
}

/* The argument that the result is a part of; NULL: it is none. */
static const struct expr *whole_of(const struct expr *e)
{
    struct slice name = slice_of(e->function->name);

    if (e->function == &operator_member || e->function == &operator_element)
        return e->args[0];
    if (slice_is(name, "pair_value"))
        return e->args[0];
    if (slice_is(name, "split") && splits_at_terms(e))
        return e->args[0];
    if (slice_is(name, "extract") && e->arg_count == 3 && cuts_between_quotes(e))
        return e->args[2];
    if (slice_starts_with(name, SLICE("trim")) && trims_between_terms(e))
        return e->args[1];
    return NULL;
}

bool push_word_comes_through(struct query *q, const struct expr *e, struct slice word)
{
    uint32_t column;
    struct slice path;

    if (is_never_shown(e->type, word) || push_column_path(q, e, &column, &path))
        return true;
    if (e->kind != EXPR_CALL)
        return e->kind == EXPR_CONST && is_free_of(e, word);
    const struct expr *whole = whole_of(e);
    const struct passing *passing = passing_of(e);
    if (whole != NULL)
        return push_word_comes_through(q, whole, word);
    if (passing == NULL || (passing->is_packing && push_may_begin_with_escape(word)) ||
        (passing->made != NULL && search_contains(slice_of(passing->made), word, false)))
        return false;
    uint32_t last = passing->step == ONE ? passing->first : e->arg_count - 1;
    for (uint32_t i = passing->first; i < last; i += passing->step) {
        if (!push_word_comes_through(q, e->args[i], word))
            return false;
    }
    return push_word_comes_through(q, e->args[last], word);
}

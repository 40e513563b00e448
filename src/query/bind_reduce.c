/* SPDX-License-Identifier: Apache-2.0 */
/* bind_reduce.c - reduce: values that share their frequent words, as patterns.
 *
 * After R. Vaarandi, "A Data Clustering Algorithm for Mining Patterns From Event Logs"
 * (2003): a value is cut into words; a word that stands at its place in more than the
 * threshold's share of the rows is frequent; a pattern is a value whose other words are
 * '*'.  Patterns of no more rows than the threshold are 'others'. */
#include "query/bind_priv.h"

#include "base/limits.h"

#define THRESHOLD 0.1

struct reduction {
    double threshold;
    struct slice separators; /* "": every character but letters and digits of ASCII */
};

static bool take_parameters(struct binder *b, const struct node *op, struct reduction *ret)
{
    *ret = (struct reduction){.threshold = THRESHOLD, .separators = SLICE("")};
    for (const struct node *param = op->by; param != NULL; param = param->next) {
        bool is_threshold = slice_is(param->name, "threshold");
        struct expr *value = bind_cast(b, bind_constant(b, param->args),
                                       is_threshold ? TYPE_REAL : TYPE_STRING);
        if (value == NULL)
            return false;
        if (!is_threshold) {
            ret->separators = value->value.bytes;
        } else if (value->value.is_null || !(value->value.real >= 0 && value->value.real <= 1)) {
            bind_fail(b, param->at, "SEM0100", "the threshold is between 0 and 1");
            return false;
        } else {
            ret->threshold = value->value.real;
        }
    }
    return true;
}

/* [...] of a regular expression: the separators, or all else. */
static void add_class(struct buf *text, struct slice separators, bool negated)
{
    buf_add_text(text, negated ? "[^" : "[");
    for (size_t i = 0; i < separators.size; i++) {
        if ((separators.data[i] & 0x80) == 0)
            buf_add_format(text, "\\x%02x", (unsigned)separators.data[i]);
        else
            buf_add_byte(text, separators.data[i]);
    }
    buf_add_byte(text, ']');
}

static void add_steps(struct buf *text, const struct reduction *r)
{
    bool given = r->separators.size > 0;

    buf_add_text(text, "let __rows = materialize(__input | extend __v = tostring(__1)"
                       " | extend __w = coalesce(extract_all(@'(");
    if (given) {
        add_class(text, r->separators, true);
        buf_add_text(text, "+|");
        add_class(text, r->separators, false);
    } else {
        buf_add_text(text, "[0-9A-Za-z]+|[^0-9A-Za-z]");
    }
    buf_add_text(text, "+)', __v), dynamic(['']))); let __least = ");
    buf_add_format(text, "%.17g", r->threshold);
    buf_add_text(text,
                 " * toscalar(__rows | count);"
                 "let __often = toscalar(__rows | mv-expand with_itemindex=__i __x = __w to "
                 "typeof(string) | summarize __n = count() by __y = strcat(__i, ':', __x)"
                 " | where __n > __least | summarize make_set(__y));"
                 "let __all = materialize(__rows | mv-apply with_itemindex=__i __x = __w to "
                 "typeof(string) on (summarize __p = strcat_array(make_list(iff(set_has_element("
                 "__often, strcat(__i, ':', __x)), __x, '\\u0001')), ''))"
                 " | extend __p = replace_regex(__p, @'");
    if (given)
        add_class(text, r->separators, false);
    else
        buf_add_text(text, "\\x01");
    buf_add_text(text, given ? "*\\x01(\\x01|" : "(\\x01|\\x01");
    if (given)
        add_class(text, r->separators, false);
    buf_add_text(text, ")*', '*'));"
                       "let __good = __all | where __p != '*' | summarize __n = count() by __p"
                       " | where __n > __least | project __p;");
}

struct plan *bind_reduce(struct binder *b, struct plan *input, const struct node *op)
{
    const struct node *args[1] = {op->args};
    struct reduction r;
    struct buf text;

    if (!take_parameters(b, op, &r))
        return NULL;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_steps(&text, &r);
    buf_add_text(&text,
                 bind_option_is(op, "kind", "source")
                     ? "__all | extend Pattern = iff(__p in (__good), __p, 'others')"
                       " | project-away __v, __w, __p"
                     : "__all | extend Pattern = iff(__p in (__good), __p, 'others')"
                       " | summarize Count = count(), Representative = min(__v) by Pattern"
                       " | extend Representative = iff(Pattern == 'others', '', Representative)"
                       " | project Pattern, Count, Representative | sort by Count desc");
    buf_add_byte(&text, '\0');
    struct plan *plan =
        text.failed ? NULL : bind_macro(b, input, op->at, text.data, args, 1);
    buf_release(&text);
    return plan;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - functions and operators, each evaluated from its documentation. */
#include "naive.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- numbers; integers wrap ---- */

#define INTEGERS(name, expression)                                                                 \
    static struct value name(struct naive *naive, const struct value *args)                        \
    {                                                                                              \
        uint64_t a = (uint64_t)args[0].integer, b = (uint64_t)args[1].integer;                     \
        (void)naive;                                                                               \
        return (struct value){.type = TYPE_LONG, .integer = (int64_t)(expression)};                \
    }
#define REALS(name, expression)                                                                    \
    static struct value name(struct naive *naive, const struct value *args)                        \
    {                                                                                              \
        double a = args[0].real, b = args[1].real;                                                 \
        (void)naive;                                                                               \
        return (struct value){.type = TYPE_REAL, .real = (expression)};                            \
    }

INTEGERS(add_long, a + b)
INTEGERS(subtract_long, a - b)
INTEGERS(multiply_long, a * b)
REALS(add_real, a + b)
REALS(subtract_real, a - b)
REALS(multiply_real, a * b)
REALS(divide_real, a / b)

static struct value null_of(enum type type)
{
    return (struct value){.type = type, .is_null = true};
}

static struct value is(bool yes)
{
    return (struct value){.type = TYPE_BOOL, .boolean = yes};
}

static struct value text(struct slice s)
{
    return (struct value){.type = TYPE_STRING, .bytes = s};
}

static struct value number(int64_t n)
{
    return (struct value){.type = TYPE_LONG, .integer = n};
}

static struct value divide_long(struct naive *naive, const struct value *args)
{
    (void)naive;
    if (args[1].integer == 0)
        return null_of(TYPE_LONG);
    return args[1].integer == -1 ? number((int64_t)(0 - (uint64_t)args[0].integer))
                                 : number(args[0].integer / args[1].integer);
}

/* The remainder is never negative. */
static struct value modulo(struct naive *naive, const struct value *args)
{
    (void)naive;
    if (args[1].integer == 0)
        return null_of(TYPE_LONG);
    if (args[1].integer == -1)
        return number(0);
    int64_t left = args[0].integer % args[1].integer;
    return number(left < 0 ? left + llabs(args[1].integer) : left);
}

static struct value bin_long(struct naive *naive, const struct value *args)
{
    int64_t a = args[0].integer, size = args[1].integer, left = a % size;

    (void)naive;
    struct value v = args[0];
    v.integer = left < 0 ? a - left - size : a - left;
    return v;
}

static struct value absolute(struct naive *naive, const struct value *args)
{
    (void)naive;
    return number(args[0].integer < 0 ? (int64_t)(0 - (uint64_t)args[0].integer)
                                      : args[0].integer);
}

static struct value to_real(struct naive *naive, const struct value *args)
{
    (void)naive;
    return (struct value){.type = TYPE_REAL, .real = (double)args[0].integer};
}

static struct value cut_real(struct naive *naive, const struct value *args)
{
    double r = args[0].real;

    (void)naive;
    return isfinite(r) && fabs(r) < 9e18 ? number((int64_t)r) : null_of(TYPE_LONG);
}

/* ---- comparing ---- */

static struct value compare(const struct value *args, bool less, bool same, bool more)
{
    const struct value *a = &args[0], *b = &args[1];

    if (a->type == TYPE_REAL && (isnan(a->real) || isnan(b->real)))
        return is(false);
    int order = value_order(a, b);
    return is(order < 0 ? less : order > 0 ? more : same);
}

static struct value less(struct naive *naive, const struct value *args)
{
    (void)naive;
    return compare(args, true, false, false);
}

static struct value less_or_same(struct naive *naive, const struct value *args)
{
    (void)naive;
    return compare(args, true, true, false);
}

static struct value more(struct naive *naive, const struct value *args)
{
    (void)naive;
    return compare(args, false, false, true);
}

static struct value more_or_same(struct naive *naive, const struct value *args)
{
    (void)naive;
    return compare(args, false, true, true);
}

/* Of two nulls nobody knows; a null and a value differ. */
static struct value equals(struct naive *naive, const struct value *args)
{
    (void)naive;
    if (args[0].is_null && args[1].is_null)
        return null_of(TYPE_BOOL);
    return args[0].is_null || args[1].is_null ? is(false) : compare(args, false, true, false);
}

static struct value differs(struct naive *naive, const struct value *args)
{
    struct value v = equals(naive, args);

    v.boolean = !v.is_null && !v.boolean;
    return v;
}

static struct value between(struct naive *naive, const struct value *args)
{
    struct value high[2] = {args[0], args[2]};

    (void)naive;
    return is(more_or_same(naive, args).boolean && less_or_same(naive, high).boolean);
}

static struct value among(struct naive *naive, const struct value *args)
{
    (void)naive;
    for (int i = 1; i < 4; i++) {
        if (!args[0].is_null && value_order(&args[0], &args[i]) == 0)
            return is(true);
    }
    return is(false);
}

static struct value not_among(struct naive *naive, const struct value *args)
{
    return is(!among(naive, args).boolean);
}

/* ---- logic of three values ---- */

static struct value both(struct naive *naive, const struct value *args)
{
    (void)naive;
    if ((!args[0].is_null && !args[0].boolean) || (!args[1].is_null && !args[1].boolean))
        return is(false);
    return args[0].is_null || args[1].is_null ? null_of(TYPE_BOOL) : is(true);
}

static struct value either(struct naive *naive, const struct value *args)
{
    (void)naive;
    if ((!args[0].is_null && args[0].boolean) || (!args[1].is_null && args[1].boolean))
        return is(true);
    return args[0].is_null || args[1].is_null ? null_of(TYPE_BOOL) : is(false);
}

static struct value negate(struct naive *naive, const struct value *args)
{
    (void)naive;
    return is(!args[0].boolean);
}

static struct value choose(struct naive *naive, const struct value *args)
{
    (void)naive;
    return !args[0].is_null && args[0].boolean ? args[1] : args[2];
}

static struct value first_known(struct naive *naive, const struct value *args)
{
    (void)naive;
    return args[0].is_null ? args[1] : args[0];
}

static struct value missing(struct naive *naive, const struct value *args)
{
    (void)naive;
    return is(args[0].is_null);
}

static struct value present(struct naive *naive, const struct value *args)
{
    (void)naive;
    return is(!args[0].is_null);
}

/* ---- text ---- */

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Letters beyond ASCII are those of Latin-1 here: C3 80 .. C3 9E, but C3 97. */
static char fold_at(struct slice s, size_t i)
{
    unsigned char c = (unsigned char)s.data[i];
    bool latin = i > 0 && (unsigned char)s.data[i - 1] == 0xC3;

    return latin && c >= 0x80 && c <= 0x9E && c != 0x97 ? (char)(c + 32) : fold((char)c);
}

/* Beyond ASCII all that is asked for, but for the no-break space and U+2000 to U+203F. */
static bool in_term(struct slice s, size_t i)
{
    char c = s.data[i];

    if ((c & 0x80) == 0)
        return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z');
    while (i > 0 && (s.data[i] & 0xC0) == 0x80)
        i--;
    struct slice rest = slice_tail(s, i);
    return !slice_starts_with(rest, SLICE("\xE2\x80")) &&
           !slice_starts_with(rest, SLICE("\xC2\xA0"));
}

enum { EXACT = 1, TERM_LEFT = 2, TERM_RIGHT = 4, AT_START = 8, AT_END = 16 };

static bool found(const struct value *args, int how)
{
    struct slice s = args[0].bytes, part = args[1].bytes;

    for (size_t at = 0; at + part.size <= s.size; at++) {
        size_t i = 0, end = at + part.size;
        while (i < part.size && ((how & EXACT) != 0 ? s.data[at + i] == part.data[i]
                                                    : fold_at(s, at + i) == fold_at(part, i)))
            i++;
        if (i < part.size || ((how & AT_START) != 0 && at > 0) ||
            ((how & AT_END) != 0 && end < s.size))
            continue;
        if ((how & TERM_LEFT) != 0 && part.size > 0 && in_term(part, 0) && at > 0 &&
            in_term(s, at - 1))
            continue;
        if ((how & TERM_RIGHT) != 0 && part.size > 0 && in_term(part, part.size - 1) &&
            end < s.size && in_term(s, end))
            continue;
        return true;
    }
    return false;
}

#define SEARCH(name, how)                                                                          \
    static struct value name(struct naive *naive, const struct value *args)                        \
    {                                                                                              \
        (void)naive;                                                                               \
        return is(found(args, how));                                                               \
    }                                                                                              \
    static struct value not_##name(struct naive *naive, const struct value *args)                  \
    {                                                                                              \
        (void)naive;                                                                               \
        return is(!found(args, how));                                                              \
    }

SEARCH(has, TERM_LEFT | TERM_RIGHT)
SEARCH(has_cs, TERM_LEFT | TERM_RIGHT | EXACT)
SEARCH(has_prefix, TERM_LEFT)
SEARCH(has_suffix, TERM_RIGHT)
SEARCH(contains, 0)
SEARCH(contains_cs, EXACT)
SEARCH(starts, AT_START)
SEARCH(starts_cs, AT_START | EXACT)
SEARCH(ends, AT_END)
SEARCH(ends_cs, AT_END | EXACT)
SEARCH(same_nocase, AT_START | AT_END)

static struct value has_some(struct naive *naive, const struct value *args)
{
    struct value second[2] = {args[0], args[2]};

    (void)naive;
    return is(found(args, TERM_LEFT | TERM_RIGHT) || found(second, TERM_LEFT | TERM_RIGHT));
}

static struct value has_every(struct naive *naive, const struct value *args)
{
    struct value second[2] = {args[0], args[2]};

    (void)naive;
    return is(found(args, TERM_LEFT | TERM_RIGHT) && found(second, TERM_LEFT | TERM_RIGHT));
}

static struct value among_nocase(struct naive *naive, const struct value *args)
{
    struct value second[2] = {args[0], args[2]};

    (void)naive;
    return is(found(args, AT_START | AT_END) || found(second, AT_START | AT_END));
}

static struct value empty(struct naive *naive, const struct value *args)
{
    (void)naive;
    return is(args[0].bytes.size == 0);
}

static struct value join_texts(struct naive *naive, const struct value *args)
{
    struct slice a = args[0].bytes, b = args[1].bytes;
    char *both_texts = take_bytes(naive->arena, a.size + b.size + 1);

    if (a.size > 0)
        memcpy(both_texts, a.data, a.size);
    if (b.size > 0)
        memcpy(both_texts + a.size, b.data, b.size);
    return text(slice_from(both_texts, a.size + b.size));
}

static struct value lower(struct naive *naive, const struct value *args)
{
    struct slice s = args[0].bytes;
    char *copy = take_bytes(naive->arena, s.size + 1);

    for (size_t i = 0; i < s.size; i++)
        copy[i] = fold_at(s, i);
    return text(slice_from(copy, s.size));
}

static bool starts_rune(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static struct value length(struct naive *naive, const struct value *args)
{
    int64_t count = 0;

    (void)naive;
    for (size_t i = 0; i < args[0].bytes.size; i++)
        count += starts_rune(args[0].bytes.data[i]) ? 1 : 0;
    return number(count);
}

static struct value part_of(struct naive *naive, const struct value *args)
{
    struct slice s = args[0].bytes;
    size_t at = 0, end;

    (void)naive;
    for (int64_t left = args[1].integer; at < s.size && (left > 0 || !starts_rune(s.data[at]));
         at++)
        left -= starts_rune(s.data[at]) ? 1 : 0;
    end = at;
    for (int64_t left = args[2].integer; end < s.size && (left > 0 || !starts_rune(s.data[end]));
         end++)
        left -= starts_rune(s.data[end]) ? 1 : 0;
    return text(slice_from(s.data + at, end - at));
}

static struct value long_of_text(struct naive *naive, const struct value *args)
{
    struct slice s = slice_trim(args[0].bytes);
    int64_t n;

    (void)naive;
    return text_parse_i64(s, &n) ? number(n) : null_of(TYPE_LONG);
}

static struct value text_of_long(struct naive *naive, const struct value *args)
{
    if (args[0].is_null)
        return text((struct slice){0});
    return text(slice_of(take_text(naive->arena, "%lld", (long long)args[0].integer)));
}

static struct value text_of_bool(struct naive *naive, const struct value *args)
{
    (void)naive;
    if (args[0].is_null)
        return text((struct slice){0});
    return text(args[0].boolean ? SLICE("True") : SLICE("False"));
}

/* ---- times ---- */

static struct value add_span(struct naive *naive, const struct value *args)
{
    struct value v = add_long(naive, args);

    v.type = args[0].type;
    return v;
}

static struct value subtract_span(struct naive *naive, const struct value *args)
{
    struct value v = subtract_long(naive, args);

    v.type = args[0].type == args[1].type ? TYPE_TIMESPAN : args[0].type;
    return v;
}

static struct value start_of_day(struct naive *naive, const struct value *args)
{
    struct value v = args[0];

    (void)naive;
    v.integer -= v.integer % TICKS_PER_DAY;
    return v;
}

static struct value hour_of(struct naive *naive, const struct value *args)
{
    (void)naive;
    return (struct value){.type = TYPE_INT,
                          .integer = args[0].integer % TICKS_PER_DAY / TICKS_PER_HOUR};
}

static struct value day_of_week(struct naive *naive, const struct value *args)
{
    (void)naive; /* 0001-01-01 was a Monday */
    return (struct value){.type = TYPE_TIMESPAN,
                          .integer = (args[0].integer / TICKS_PER_DAY + 1) % 7 * TICKS_PER_DAY};
}

static struct value hours_between(struct naive *naive, const struct value *args)
{
    (void)naive;
    return number(args[0].integer / TICKS_PER_HOUR - args[1].integer / TICKS_PER_HOUR);
}

/* ---- dynamic ---- */

static struct value long_of_json(struct slice json)
{
    char copy[32] = "", *end = NULL;

    if (node_first(json) != '-' && (node_first(json) < '0' || node_first(json) > '9'))
        return null_of(TYPE_LONG);
    int64_t n;
    if (text_parse_i64(json, &n))
        return number(n);
    memcpy(copy, json.data, json.size < 31 ? json.size : 31);
    double r = strtod(copy, &end);
    return number((int64_t)r);
}

/* A number, or a text that is one. */
static struct value long_of_dynamic(struct naive *naive, const struct value *args)
{
    struct slice json = args[0].bytes;

    if (node_first(json) == 't' || node_first(json) == 'f')
        return number(node_first(json) == 't' ? 1 : 0);
    if (node_first(json) != '"')
        return long_of_json(json);
    struct value inner = text(slice_from(json.data + 1, json.size - 2));
    return long_of_text(naive, &inner);
}

/* The text of a JSON string; only quotes and backslashes are escaped here. */
static struct value text_of_dynamic(struct naive *naive, const struct value *args)
{
    struct slice json = args[0].bytes;

    if (args[0].is_null)
        return text((struct slice){0});
    if (node_first(json) != '"')
        return text(json);
    char *plain = take_bytes(naive->arena, json.size);
    size_t size = 0;
    for (size_t i = 1; i + 1 < json.size; i++) {
        i += json.data[i] == '\\' ? 1 : 0;
        plain[size++] = json.data[i];
    }
    return text(slice_from(plain, size));
}

static struct value member(struct slice json, const char *name)
{
    struct value v = {.type = TYPE_DYNAMIC, .bytes = node_member(json, slice_of(name))};

    v.is_null = v.bytes.size == 0 || node_first(v.bytes) == 'n';
    return v;
}

#define MEMBER(name)                                                                               \
    static struct value member_##name(struct naive *naive, const struct value *args)               \
    {                                                                                              \
        (void)naive;                                                                               \
        return member(args[0].bytes, #name);                                                       \
    }
MEMBER(a)
MEMBER(b)
MEMBER(c)
MEMBER(n)

static struct value member_n_x(struct naive *naive, const struct value *args)
{
    (void)naive;
    return member(member(args[0].bytes, "n").bytes, "x");
}

static struct value element_0(struct naive *naive, const struct value *args)
{
    struct value v = {.type = TYPE_DYNAMIC, .bytes = node_element(args[0].bytes, 0)};

    (void)naive;
    v.is_null = v.bytes.size == 0 || node_first(v.bytes) == 'n';
    return v;
}

static struct value length_of_array(struct naive *naive, const struct value *args)
{
    (void)naive;
    return node_first(args[0].bytes) != '[' ? null_of(TYPE_LONG)
                                            : number((int64_t)node_count(args[0].bytes));
}

const struct rule RULES[] = {
    {"(@ + @)", "l=ll", add_long, false},
    {"(@ - @)", "l=ll", subtract_long, false},
    {"(@ * @)", "l=lL", multiply_long, false},
    {"(@ / @)", "l=ll", divide_long, false},
    {"(@ % @)", "l=ll", modulo, false},
    {"(@ + @)", "r=rr", add_real, false},
    {"(@ - @)", "r=rr", subtract_real, false},
    {"(@ * @)", "r=rr", multiply_real, false},
    {"(@ / @)", "r=rr", divide_real, false},
    {"abs(@)", "l=l", absolute, false},
    {"todouble(@)", "r=l", to_real, false},
    {"tolong(@)", "l=r", cut_real, false},
    {"(@ == @)", "b=ll", equals, true},
    {"(@ != @)", "b=ll", differs, true},
    {"(@ == @)", "b=lL", equals, true},
    {"(@ == @)", "b=rR", equals, true},
    {"(@ != @)", "b=rr", differs, true},
    {"(@ == @)", "b=tt", equals, true},
    {"(@ == @)", "b=pP", equals, true},
    {"(@ == @)", "b=bB", equals, true},
    {"(@ == @)", "b=gG", equals, true},
    {"(@ != @)", "b=gG", differs, true},
    {"(@ == @)", "b=sS", equals, true},
    {"(@ == @)", "b=ss", equals, true},
    {"(@ != @)", "b=sS", differs, true},
    {"(@ < @)", "b=lL", less, false},
    {"(@ < @)", "b=ll", less, false},
    {"(@ <= @)", "b=lL", less_or_same, false},
    {"(@ > @)", "b=lL", more, false},
    {"(@ >= @)", "b=lL", more_or_same, false},
    {"(@ < @)", "b=rr", less, false},
    {"(@ >= @)", "b=rR", more_or_same, false},
    {"(@ < @)", "b=tT", less, false},
    {"(@ >= @)", "b=tT", more_or_same, false},
    {"(@ > @)", "b=tt", more, false},
    {"(@ <= @)", "b=pP", less_or_same, false},
    {"(@ between (@ .. @))", "b=lLL", between, false},
    {"(@ between (@ .. @))", "b=tTT", between, false},
    {"(@ in (@, @, @))", "b=lLLL", among, true},
    {"(@ !in (@, @, @))", "b=lLLL", not_among, true},
    {"(@ in (@, @, @))", "b=sSSS", among, true},
    {"(@ !in (@, @, @))", "b=sSSS", not_among, true},
    {"(@ in~ (@, @))", "b=sSS", among_nocase, true},
    {"(@ and @)", "b=bb", both, true},
    {"(@ or @)", "b=bb", either, true},
    {"(@ and @)", "b=bb", both, true},
    {"(@ or @)", "b=bb", either, true},
    {"not(@)", "b=b", negate, false},
    {"iff(@, @, @)", "l=bll", choose, true},
    {"iff(@, @, @)", "s=bss", choose, true},
    {"iff(@, @, @)", "r=brr", choose, true},
    {"coalesce(@, @)", "l=ll", first_known, true},
    {"isnull(@)", "b=l", missing, true},
    {"isnull(@)", "b=t", missing, true},
    {"isnotnull(@)", "b=r", present, true},
    {"isnull(@)", "b=d", missing, true},
    {"isempty(@)", "b=s", empty, true},
    {"(@ has @)", "b=sS", has, true},
    {"(@ !has @)", "b=sS", not_has, true},
    {"(@ has_cs @)", "b=sS", has_cs, true},
    {"(@ !has_cs @)", "b=sS", not_has_cs, true},
    {"(@ hasprefix @)", "b=sS", has_prefix, true},
    {"(@ !hasprefix @)", "b=sS", not_has_prefix, true},
    {"(@ hassuffix @)", "b=sS", has_suffix, true},
    {"(@ !hassuffix @)", "b=sS", not_has_suffix, true},
    {"(@ contains @)", "b=sS", contains, true},
    {"(@ !contains @)", "b=ss", not_contains, true},
    {"(@ contains_cs @)", "b=sS", contains_cs, true},
    {"(@ !contains_cs @)", "b=sS", not_contains_cs, true},
    {"(@ startswith @)", "b=sS", starts, true},
    {"(@ !startswith @)", "b=ss", not_starts, true},
    {"(@ startswith_cs @)", "b=sS", starts_cs, true},
    {"(@ !startswith_cs @)", "b=sS", not_starts_cs, true},
    {"(@ endswith @)", "b=sS", ends, true},
    {"(@ !endswith @)", "b=sS", not_ends, true},
    {"(@ endswith_cs @)", "b=sS", ends_cs, true},
    {"(@ !endswith_cs @)", "b=sS", not_ends_cs, true},
    {"(@ =~ @)", "b=sS", same_nocase, true},
    {"(@ !~ @)", "b=ss", not_same_nocase, true},
    {"(@ has_any (@, @))", "b=sWW", has_some, true},
    {"(@ has_all (@, @))", "b=sWW", has_every, true},
    {"strcat(@, @)", "s=ss", join_texts, true},
    {"tolower(@)", "s=s", lower, true},
    {"strlen(@)", "l=s", length, true},
    {"substring(@, @, @)", "s=sKK", part_of, true},
    {"tolong(@)", "l=s", long_of_text, true},
    {"tostring(@)", "s=l", text_of_long, true},
    {"tostring(@)", "s=b", text_of_bool, true},
    {"(@ + @)", "t=tp", add_span, false},
    {"(@ - @)", "t=tp", subtract_span, false},
    {"(@ - @)", "p=tt", subtract_span, false},
    {"(@ + @)", "p=pp", add_span, false},
    {"startofday(@)", "t=t", start_of_day, false},
    {"hourofday(@)", "i=t", hour_of, false},
    {"dayofweek(@)", "p=t", day_of_week, false},
    {"datetime_diff('hour', @, @)", "l=tt", hours_between, false},
    {"bin(@, @)", "l=lM", bin_long, false},
    {"bin(@, @)", "t=tQ", bin_long, false},
    {"@.a", "d=d", member_a, true},
    {"@.b", "d=d", member_b, true},
    {"@['c']", "d=d", member_c, true},
    {"@.n", "d=d", member_n, true},
    {"@.n.x", "d=d", member_n_x, true},
    {"@[0]", "d=d", element_0, true},
    {"tostring(@)", "s=d", text_of_dynamic, true},
    {"tolong(@)", "l=d", long_of_dynamic, false},
    {"array_length(@)", "l=d", length_of_array, false},
};
const uint32_t RULE_COUNT = sizeof(RULES) / sizeof(RULES[0]);

/* SPDX-License-Identifier: Apache-2.0 */
#include "query/regex.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "query/function.h"
#include "query/re2_shim_priv.h"

_Static_assert(REGEX_GROUPS_MAX + 1 <= RE2_SPANS_MAX, "the shim has room for all groups");

/* (?<name>...) is (?P<name>...) to RE2; (?<= and (?<! stay as they are, and are refused. */
static void name_groups(struct slice pattern, struct buf *ret)
{
    bool in_class = false;

    for (size_t i = 0; i < pattern.size; i++) {
        struct slice rest = slice_tail(pattern, i);
        buf_add_byte(ret, pattern.data[i]);
        if (pattern.data[i] == '\\' && rest.size > 1)
            buf_add_byte(ret, pattern.data[++i]);
        else if (pattern.data[i] == '[' && !in_class)
            in_class = true;
        else if (pattern.data[i] == ']')
            in_class = false;
        else if (!in_class && rest.size > 3 && slice_starts_with(rest, SLICE("(?<")) &&
                 rest.data[3] != '=' && rest.data[3] != '!') {
            buf_add_text(ret, "?P");
            i++;
        }
    }
}

enum status regex_new(struct slice pattern, unsigned flags, struct regex **ret, struct error *err)
{
    struct re2_options options = {.memory_bytes = (int64_t)REGEX_BYTES_MAX,
                                  .nocase = (flags & REGEX_NOCASE) != 0,
                                  .dot_newline = (flags & REGEX_DOT_NEWLINE) != 0,
                                  .literal = (flags & REGEX_LITERAL) != 0};
    char text[200];
    struct buf named;

    buf_init(&named, 2 * QUERY_TEXT_BYTES_MAX);
    if ((flags & REGEX_LITERAL) != 0)
        buf_add_slice(&named, pattern);
    else
        name_groups(pattern, &named);
    enum status status = buf_check(&named, err);
    if (status != STATUS_OK) {
        buf_release(&named);
        return status;
    }
    struct slice read = buf_slice(&named);
    *ret = re2_shim_new(read.size > 0 ? read.data : "", read.size, &options, text, sizeof(text));
    buf_release(&named);
    if (*ret != NULL)
        return STATUS_OK;
    if (text[0] == '\0')
        return ERROR_MEMORY(err);
    return ERROR_SET(err, STATUS_INVALID, "'%.*s' is not a regular expression: %s",
                     SLICE_FMT(slice_head(pattern, 200)), text);
}

void regex_free(struct regex *regex)
{
    re2_shim_free(regex);
}

struct slice regex_pattern(const struct regex *regex)
{
    struct re2_span span;

    re2_shim_pattern(regex, &span);
    return slice_from(span.data, span.size);
}

uint32_t regex_group_count(const struct regex *regex)
{
    return re2_shim_group_count(regex);
}

static bool find_groups(const struct regex *regex, struct slice text, size_t from,
                        struct slice *groups, uint32_t group_count)
{
    struct re2_span input = {text.size > 0 ? text.data : "", text.size};
    struct re2_span spans[RE2_SPANS_MAX];

    if (!re2_shim_find(regex, &input, from, spans, group_count))
        return false;
    for (uint32_t i = 0; i < group_count; i++)
        groups[i] = slice_from(text.size > 0 ? spans[i].data : text.data, spans[i].size);
    return true;
}

/* Whether there is one is asked most often, and room for groups takes longer than a short text. */
bool regex_find(const struct regex *regex, struct slice text, size_t from, struct slice *groups,
                uint32_t group_count)
{
    const struct re2_span input = {text.size > 0 ? text.data : "", text.size};

    if (from > text.size || group_count > REGEX_GROUPS_MAX + 1)
        return false;
    return group_count == 0 ? re2_shim_find(regex, &input, from, NULL, 0)
                            : find_groups(regex, text, from, groups, group_count);
}

int64_t regex_group_named(const struct regex *regex, struct slice name)
{
    struct re2_span span = {name.data, name.size};

    return re2_shim_group_named(regex, &span);
}

enum status regex_allow(const struct regex *regex, size_t size, uint32_t group_count,
                        struct error *err)
{
    /* what is known of the groups is copied at each step */
    uint64_t steps = (uint64_t)size * re2_shim_size(regex) * (1 + group_count);

    if (steps <= REGEX_STEPS_MAX)
        return STATUS_OK;
    return ERROR_SET(err, STATUS_LIMIT,
                     "a text of %zu bytes is too long for a regular expression of this size (%u)",
                     size, re2_shim_size(regex));
}

/* Behind an empty match the next search begins a character on. */
static void step_over(struct regex_matches *m, size_t end)
{
    m->from = end;
    if (m->from < m->text.size)
        (void)text_next_rune(m->text, &m->from);
    else
        m->from++;
}

enum status regex_next(struct regex_matches *m, struct slice *groups, uint32_t group_count,
                       struct error *err)
{
    size_t left = m->from < m->text.size ? m->text.size - m->from : 0;
    enum status status = regex_allow(m->regex, left, group_count, err);
    bool is_repeated;

    do {
        m->found = status == STATUS_OK && m->from <= m->text.size &&
                   regex_find(m->regex, m->text, m->from, groups, group_count);
        is_repeated = false;
        if (!m->found || group_count == 0)
            continue;
        size_t end = (size_t)(groups[0].data - m->text.data) + groups[0].size;
        is_repeated = groups[0].size == 0 && m->end > 0 && end == m->end;
        m->from = m->end = end;
        if (groups[0].size == 0)
            step_over(m, end);
    } while (is_repeated); /* once: the next one begins further on */
    /* To find a match that is short, all that is left may have been read. */
    return status == STATUS_OK ? eval_spend(m->eval, left * 4 + 1024, err) : status;
}

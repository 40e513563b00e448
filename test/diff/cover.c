/* SPDX-License-Identifier: Apache-2.0 */
/* cover.c - which names of the language's reference were in a text that was answered.
 *
 * The reference is what query_add_reference() writes from the engine's tables, so that
 * a new operator, plugin or function is missed until something asks for it. */
#include "forms.h"

#include "base/limits.h"
#include "query/query.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX 1024u

struct name {
    struct slice text;
    bool is_seen;
};

static struct name names[NAMES_MAX];
static uint32_t name_count;
static struct buf reference;

/* What is not asked for, and why. */
static const struct {
    const char *name, *reason;
} EXCEPTIONS[] = {
    {"externaldata", "it reads what is elsewhere"},
    {"rand", "chance"},
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static int name_order(const void *left, const void *right)
{
    return slice_compare(((const struct name *)left)->text, ((const struct name *)right)->text);
}

static struct name *find(struct slice word)
{
    struct name key = {.text = word};

    return bsearch(&key, names, name_count, sizeof(names[0]), name_order);
}

/* The first word of the first cell of a row. */
void cover_open(void)
{
    struct error err = {0};
    struct slice line;

    buf_init(&reference, MIB);
    if (query_add_reference(&reference, &err) != STATUS_OK)
        abort();
    struct slice rest = buf_slice(&reference);
    while (slice_next(&rest, '\n', &line)) {
        size_t size = 3;
        if (!slice_starts_with(line, SLICE("| `")))
            continue;
        while (size < line.size && is_word(line.data[size]))
            size++;
        struct slice word = slice_from(line.data + 3, size - 3);
        bool again = false;
        for (uint32_t i = 0; i < name_count; i++)
            again |= slice_equal(names[i].text, word);
        if (!again && name_count < NAMES_MAX)
            names[name_count++].text = word;
    }
    qsort(names, name_count, sizeof(names[0]), name_order);
}

void cover_text(const char *text)
{
    while (*text != '\0') {
        const char *from = text;
        if (*text == '\'' || *text == '"') { /* a text of the query */
            char quote = *text++;
            while (*text != '\0' && *text != quote)
                text += text[0] == '\\' && text[1] != '\0' ? 2 : 1;
            text += *text != '\0';
            continue;
        }
        while (is_word(*text))
            text++;
        struct name *name = find(slice_from(from, (size_t)(text - from)));
        if (name != NULL)
            name->is_seen = true;
        if (text == from)
            text++;
    }
}

uint32_t cover_report(void)
{
    uint32_t missed = 0;

    for (uint32_t i = 0; i < name_count; i++) {
        bool is_seen = names[i].is_seen;
        for (size_t k = 0; k < sizeof(EXCEPTIONS) / sizeof(EXCEPTIONS[0]); k++)
            is_seen |= slice_is(names[i].text, EXCEPTIONS[k].name);
        if (!is_seen)
            printf("never asked for with an answer: %.*s\n", SLICE_FMT(names[i].text));
        missed += !is_seen;
    }
    printf("%u of the %u names of the reference are asked for\n", name_count - missed, name_count);
    buf_release(&reference);
    return missed;
}

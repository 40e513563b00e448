/* SPDX-License-Identifier: Apache-2.0 */
/* parse_usage.c - in which operator the parser stands, and how that one is written. */
#include "query/complete_priv.h"
#include "query/parse_priv.h"

#include <stdio.h>

static struct slice word_at(const struct parser *p, uint32_t at)
{
    const struct token *t = &p->tokens[at < p->count ? at : p->count - 1];

    return t->kind == TOKEN_NAME || t->kind == TOKEN_SYMBOL ? t->text : slice_from(NULL, 0);
}

static const struct complete_word *find(const struct complete_words *words, struct slice name)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (slice_is(name, words->words[i].text))
            return &words->words[i];
    }
    return NULL;
}

/* A name with hyphens is several tokens without a gap. */
static struct slice name_at(const struct parser *p, uint32_t at)
{
    uint32_t last = at;

    while (slice_is(word_at(p, last + 1), "-") && last + 2 < p->at &&
           p->tokens[last].end == p->tokens[last + 1].at &&
           p->tokens[last + 1].end == p->tokens[last + 2].at)
        last += 2;
    return slice_from(p->text.data + p->tokens[at].at, p->tokens[last].end - p->tokens[at].at);
}

/* Behind a bracket operators may stand, as in mv-apply x on (where ...). */
static bool begins_operators(const struct parser *p, uint32_t at)
{
    return at < p->at && find(&complete_operators, name_at(p, at)) != NULL &&
           !slice_is(word_at(p, at + 1), "(");
}

struct slice parse_operator_around(const struct parser *p)
{
    uint32_t closed = 0;

    for (uint32_t at = p->at; at > 0; at--) {
        struct slice word = word_at(p, at - 1);
        bool opens = slice_is(word, "(") || slice_is(word, "{") || slice_is(word, "[");
        if (slice_is(word, ")") || slice_is(word, "}") || slice_is(word, "]"))
            closed++;
        else if (opens && closed > 0)
            closed--;
        else if (closed == 0 && at < p->at &&
                 (slice_is(word, "|") || (opens && begins_operators(p, at))))
            return name_at(p, at);
        else if (closed == 0 && slice_is(word, ";"))
            return at < p->at ? name_at(p, at) : slice_from(NULL, 0);
    }
    return p->at > 0 ? name_at(p, 0) : slice_from(NULL, 0);
}

const char *parse_usage(const struct parser *p, char room[PARSE_HINT_BYTES])
{
    struct slice name = parse_operator_around(p);
    const struct complete_word *word = find(&complete_operators, name);

    if (word == NULL)
        word = find(&complete_sources, name);
    if (word == NULL)
        return NULL;
    (void)snprintf(room, PARSE_HINT_BYTES, "it is written: %s",
                   word->detail[0] == '\0' ? word->text : word->detail);
    return room;
}

const char *parse_unclosed(const struct parser *p, char room[PARSE_HINT_BYTES])
{
    uint32_t closed = 0, line, column;

    for (uint32_t at = p->at; at > 0; at--) {
        struct slice word = word_at(p, at - 1);
        if (slice_is(word, ")") || slice_is(word, "}") || slice_is(word, "]"))
            closed++;
        bool opens = slice_is(word, "(") || slice_is(word, "{") || slice_is(word, "[");
        if (opens && closed == 0) {
            lex_position(p->text, p->tokens[at - 1].at, &line, &column);
            (void)snprintf(room, PARSE_HINT_BYTES, "the '%c' at line %u, column %u is not closed",
                           word.data[0], line, column);
            return room;
        }
        closed -= opens;
    }
    return NULL;
}

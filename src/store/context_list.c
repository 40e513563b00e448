/* SPDX-License-Identifier: Apache-2.0 */
/* context_list.c - move-to-front lists, one for each value of a base column.
 *
 * Encoder and decoder make the same moves, so a rank names the same code.  A list grows at
 * its end, where its front is: a new code moves no other.  It has room for as many codes as
 * it will be asked for, up to twice what it remembers; then it begins anew with those. */
#include "store/column_priv.h"

#include <stdlib.h>

#define LINE_CODES 8u /* that are moved or compared at once */
#define CAPACITY_MAX (2 * CONTEXT_LIST_MAX)

typedef uint32_t line __attribute__((vector_size(LINE_CODES * sizeof(uint32_t))));
typedef int32_t lanes __attribute__((vector_size(LINE_CODES * sizeof(int32_t))));

/* Behind each list are LINE_CODES that belong to nobody. */
static void give_room(struct context_lists *lists, uint32_t context_count)
{
    uint32_t *at = lists->codes;

    for (uint32_t c = 0; c < context_count; c++) {
        lists->lists[c].codes = at;
        at += lists->lists[c].capacity + LINE_CODES;
    }
}

enum status context_lists_init(struct context_lists *lists, uint32_t context_count,
                               const uint32_t *contexts, uint32_t value_count, struct error *err)
{
    size_t room = (size_t)context_count * LINE_CODES;

    *lists = (struct context_lists){
        .lists = calloc((size_t)context_count + 1, sizeof(*lists->lists)),
    };
    if (lists->lists == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t v = 0; v < value_count; v++) {
        uint32_t *capacity = &lists->lists[contexts[v]].capacity;
        room += *capacity < CAPACITY_MAX ? 1 : 0;
        *capacity += *capacity < CAPACITY_MAX ? 1 : 0;
    }
    lists->codes = calloc(room + 1, sizeof(*lists->codes));
    if (lists->codes == NULL)
        return ERROR_MEMORY(err);
    give_room(lists, context_count);
    return STATUS_OK;
}

void context_lists_release(struct context_lists *lists)
{
    free(lists->lists);
    free(lists->codes);
    *lists = (struct context_lists){0};
}

static uint32_t count_of(const struct context_list *list)
{
    return list->end < CONTEXT_LIST_MAX ? list->end : CONTEXT_LIST_MAX;
}

/* Moves the codes behind `at` one place back, to where it stood, and puts it at the end.
 * Whole lines are moved, the last into what belongs to nobody. */
static uint32_t to_front(struct context_list *list, uint32_t rank)
{
    uint32_t *at = list->codes + (list->end - 1 - rank);
    uint32_t code = *at;

    for (uint32_t i = 0; i < rank; i += LINE_CODES) {
        line moved;
        memcpy(&moved, at + i + 1, sizeof(moved));
        memcpy(at + i, &moved, sizeof(moved));
    }
    list->codes[list->end - 1] = code;
    return code;
}

void context_push(struct context_lists *lists, uint32_t context, uint32_t code)
{
    struct context_list *list = &lists->lists[context];

    if (list->end == list->capacity) { /* the oldest fall out, also of memory */
        uint32_t kept = CONTEXT_LIST_MAX - 1;
        memmove(list->codes, list->codes + (list->end - kept), kept * sizeof(*list->codes));
        list->end = kept;
    }
    list->codes[list->end++] = code;
}

/* Is the code one of a line's? */
static bool line_has(const uint32_t *codes, uint32_t code)
{
    line those;

    memcpy(&those, codes, sizeof(those));
    lanes equal = those == code; /* all bits, or none */
    uint64_t words[sizeof(equal) / sizeof(uint64_t)], any = 0;
    memcpy(words, &equal, sizeof(equal));
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        any |= words[i];
    return any != 0;
}

uint32_t context_rank(struct context_lists *lists, uint32_t context, uint32_t code)
{
    struct context_list *list = &lists->lists[context];
    uint32_t count = count_of(list), rank = 0;

    while (rank + LINE_CODES <= count &&
           !line_has(list->codes + (list->end - rank - LINE_CODES), code))
        rank += LINE_CODES;
    while (rank < count && list->codes[list->end - 1 - rank] != code)
        rank++;
    if (rank < count) {
        (void)to_front(list, rank);
        return rank;
    }
    context_push(lists, context, code);
    return CONTEXT_ESCAPE;
}

bool context_take(struct context_lists *lists, uint32_t context, uint32_t rank, uint32_t *ret)
{
    struct context_list *list = &lists->lists[context];

    if (rank >= count_of(list))
        return false;
    *ret = to_front(list, rank);
    return true;
}

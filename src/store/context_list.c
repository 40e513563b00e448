/* SPDX-License-Identifier: Apache-2.0 */
/* context_list.c - move-to-front lists, one for each value of a base column.
 *
 * Encoder and decoder make the same moves, so a rank names the same code. */
#include "store/column_priv.h"

#include <stdlib.h>

#define CAPACITY_FIRST 4u

enum status context_lists_init(struct context_lists *lists, uint32_t count, struct error *err)
{
    lists->count = count;
    lists->lists = calloc((size_t)count + 1, sizeof(*lists->lists));
    return lists->lists == NULL ? ERROR_MEMORY(err) : STATUS_OK;
}

void context_lists_release(struct context_lists *lists)
{
    for (uint32_t i = 0; lists->lists != NULL && i < lists->count; i++)
        free(lists->lists[i].codes);
    free(lists->lists);
    *lists = (struct context_lists){0};
}

static void move_to_front(struct context_list *list, uint32_t rank, uint32_t code)
{
    memmove(list->codes + 1, list->codes, rank * sizeof(*list->codes));
    list->codes[0] = code;
}

enum status context_push(struct context_lists *lists, uint32_t context, uint32_t code,
                         struct error *err)
{
    struct context_list *list = &lists->lists[context];

    if (list->count == list->capacity && list->capacity < CONTEXT_LIST_MAX) {
        uint32_t capacity = list->capacity == 0 ? CAPACITY_FIRST : list->capacity * 2;
        capacity = capacity > CONTEXT_LIST_MAX ? CONTEXT_LIST_MAX : capacity;
        uint32_t *codes = realloc(list->codes, capacity * sizeof(*codes));
        if (codes == NULL)
            return ERROR_MEMORY(err);
        list->codes = codes;
        list->capacity = capacity;
    }
    if (list->count < CONTEXT_LIST_MAX)
        list->count++; /* else the oldest falls out */
    move_to_front(list, list->count - 1, code);
    return STATUS_OK;
}

enum status context_rank(struct context_lists *lists, uint32_t context, uint32_t code,
                         uint32_t *ret_rank, struct error *err)
{
    struct context_list *list = &lists->lists[context];

    for (uint32_t rank = 0; rank < list->count; rank++) {
        if (list->codes[rank] != code)
            continue;
        move_to_front(list, rank, code);
        *ret_rank = rank;
        return STATUS_OK;
    }
    *ret_rank = CONTEXT_ESCAPE;
    return context_push(lists, context, code, err);
}

bool context_take(struct context_lists *lists, uint32_t context, uint32_t rank, uint32_t *ret)
{
    struct context_list *list = &lists->lists[context];

    if (rank >= list->count)
        return false;
    *ret = list->codes[rank];
    move_to_front(list, rank, *ret);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "query/csv.h"

#include "base/buf.h"

/* The text between quotes, from behind the first one. */
static enum status quoted(struct csv *csv, struct slice *ret, struct error *err)
{
    struct slice text = csv->rest;
    size_t end = 0, doubled = 0;

    for (;; end += 2) {
        end = slice_find_byte(text, '"', end);
        if (end == SIZE_MAX)
            return ERROR_SET(err, STATUS_INVALID, "a quote is not closed");
        if (end + 1 >= text.size || text.data[end + 1] != '"')
            break;
        doubled++;
    }
    *ret = slice_head(text, end);
    csv->rest = slice_tail(text, end + 1);
    if (doubled == 0)
        return STATUS_OK;
    char *plain = arena_alloc(csv->arena, ret->size, err);
    size_t size = 0;
    if (plain == NULL)
        return err->status;
    for (size_t i = 0; i < ret->size; i++) {
        plain[size++] = ret->data[i];
        if (ret->data[i] == '"')
            i++; /* its double */
    }
    *ret = slice_from(plain, size);
    return STATUS_OK;
}

static struct slice plain(struct csv *csv)
{
    size_t end = 0;

    while (end < csv->rest.size && csv->rest.data[end] != csv->separator &&
           csv->rest.data[end] != '\n' && csv->rest.data[end] != '\r')
        end++;
    struct slice cell = slice_head(csv->rest, end);
    csv->rest = slice_tail(csv->rest, end);
    return cell;
}

static void pass_line_ends(struct csv *csv)
{
    size_t at = 0;

    while (at < csv->rest.size && (csv->rest.data[at] == '\n' || csv->rest.data[at] == '\r'))
        at++;
    csv->rest = slice_tail(csv->rest, at);
}

enum status csv_next(struct csv *csv, struct slice *cells, uint32_t room, uint32_t *ret_count,
                     struct error *err)
{
    *ret_count = 0;
    pass_line_ends(csv);
    while (csv->rest.size > 0) {
        struct slice cell = {"", 0};
        if (csv->rest.data[0] == '"') {
            csv->rest = slice_tail(csv->rest, 1);
            enum status status = quoted(csv, &cell, err);
            if (status != STATUS_OK)
                return status;
            (void)plain(csv); /* what follows a closing quote is no part of the cell */
        } else {
            cell = plain(csv);
        }
        if (*ret_count < room)
            cells[*ret_count] = cell;
        (*ret_count)++;
        if (csv->rest.size == 0 || csv->rest.data[0] != csv->separator)
            break;
        csv->rest = slice_tail(csv->rest, 1);
        if (csv->rest.size == 0 && *ret_count < room) { /* a separator at the very end */
            cells[(*ret_count)++] = (struct slice){"", 0};
        }
    }
    return STATUS_OK;
}

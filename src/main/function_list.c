/* SPDX-License-Identifier: Apache-2.0 */
#include "main/function_list.h"

#define WARNING "// warning: "

static enum status bad(uint32_t line, const char *what, struct slice text, struct error *err)
{
    (void)ERROR_SET(err, STATUS_INVALID, "%s: '%.*s'", what, SLICE_FMT(slice_head(text, 64)));
    err->line = line;
    return err->status;
}

static const struct function_text *find(const struct function_text *functions, uint32_t count,
                                        struct slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (slice_equal(functions[i].name, name))
            return &functions[i];
    }
    return NULL;
}

/* "OTHER = NAME" */
static bool is_alias(struct slice line, struct slice *ret_name, struct slice *ret_target)
{
    size_t at = slice_find(line, SLICE(" = "), 0);

    if (at == SIZE_MAX || slice_find_byte(line, '(', 0) != SIZE_MAX)
        return false;
    *ret_name = slice_head(line, at);
    *ret_target = slice_trim(slice_tail(line, at + 3));
    return true;
}

/* The text from the parameters to the closing brace, behind its warning. */
static enum status take_body(struct slice text, size_t from, struct slice warning,
                             struct arena *arena, struct slice *ret, struct error *err)
{
    size_t end = slice_find(text, SLICE("\n}"), from);
    size_t size = end == SIZE_MAX ? 0 : end + 2 - from;
    char *copy = arena_alloc(arena, warning.size + 1 + size, err);

    if (copy == NULL)
        return err->status;
    if (size == 0)
        return ERROR_SET(err, STATUS_INVALID, "a function does not end");
    size_t front = 0;
    if (warning.size > 0) {
        memcpy(copy, warning.data, warning.size);
        copy[warning.size] = '\n';
        front = warning.size + 1;
    }
    memcpy(copy + front, text.data + from, size);
    *ret = slice_from(copy, front + size);
    return STATUS_OK;
}

uint32_t function_list_count(struct slice text)
{
    uint32_t count = 1;

    for (size_t i = 0; i + 1 < text.size; i++)
        count += text.data[i] == '\n' && text.data[i + 1] != ' ';
    return count;
}

enum status function_list_read(struct slice text, struct arena *arena,
                               struct function_text *functions, uint32_t *count,
                               struct error *err)
{
    struct slice rest = text, line, warning = {"", 0}, name, target;

    for (uint32_t number = 1; slice_next(&rest, '\n', &line); number++) {
        size_t open = slice_find_byte(line, '(', 0);
        struct function_text *out = &functions[*count];
        if (slice_starts_with(line, SLICE(WARNING)))
            warning = line;
        if (line.size == 0 || line.data[0] == ' ' || line.data[0] == '/' || line.data[0] == '}')
            continue;
        if (is_alias(line, &name, &target)) {
            const struct function_text *other = find(functions, *count, target);
            if (other == NULL)
                return bad(number, "there is no such function above", target, err);
            *out = (struct function_text){name, other->text};
        } else {
            if (open == SIZE_MAX || open == 0)
                return bad(number, "wants NAME(parameters) {", line, err);
            out->name = slice_head(line, open);
            enum status status = take_body(text, (size_t)(line.data - text.data) + open, warning,
                                           arena, &out->text, err);
            if (status != STATUS_OK) {
                err->line = number;
                return status;
            }
        }
        if (find(functions, *count, out->name) != NULL)
            return bad(number, "the function stands twice", out->name, err);
        (*count)++;
        warning = (struct slice){"", 0};
    }
    return STATUS_OK;
}

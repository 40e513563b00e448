/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include "base/limits.h"
#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#define WRITE_BYTES (256 * KIB)
#define STEP_BYTES (64 * KIB) /* between two looks at whether it is wanted still */
#define CELL_COLUMNS_MAX 120u /* of a table; the rest is cut with an ellipsis */

static bool is_paged; /* what standard output gets */
static const atomic_bool *stop_wanted;

void output_set_stop(const atomic_bool *stop)
{
    stop_wanted = stop;
}

void output_set_paged(bool paged)
{
    is_paged = paged;
}

enum status output_format_from(const struct options *options, enum output_format *ret,
                               struct error *err)
{
    static const char *const names[] = {"table", "json", "ndjson", "csv"};
    const char *name = options_get(options, "o", NULL);

    if (name == NULL) {
        *ret = isatty(STDOUT_FILENO) ? OUTPUT_TABLE : OUTPUT_NDJSON;
        return STATUS_OK;
    }
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum output_format)i;
            return STATUS_OK;
        }
    }
    return ERROR_SET(err, STATUS_INVALID, "-o is table, json, ndjson or csv, not '%s'", name);
}

static enum status write_all(struct slice bytes, struct error *err)
{
    while (bytes.size > 0) {
        if (stop_wanted != NULL && atomic_load(stop_wanted))
            return ERROR_SET(err, STATUS_CANCELLED, "interrupted: the answer is not shown whole");
        size_t size = bytes.size < STEP_BYTES ? bytes.size : STEP_BYTES;
        ssize_t got = write(STDOUT_FILENO, bytes.data, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERROR_SET(err, STATUS_IO, "cannot write to standard output");
        bytes = slice_tail(bytes, (size_t)got);
    }
    return STATUS_OK;
}

/* What a terminal would obey stands there as text; lines and tabs stay. */
static void add_for_terminal(struct buf *buf, struct slice bytes)
{
    for (size_t at = 0; at < bytes.size; at++) {
        size_t from = at;
        while (at < bytes.size && bytes.data[at] != '\n' && bytes.data[at] != '\t')
            at++;
        struct slice plain = slice_from(bytes.data + from, at - from);
        bool ends_line = at < bytes.size && bytes.data[at] == '\n';
        if (ends_line && slice_ends_with(plain, SLICE("\r"))) /* CSV */
            plain.size--;
        text_add_printable(buf, plain);
        if (at < bytes.size)
            buf_add_byte(buf, bytes.data[at]);
    }
}

enum status output_write(struct slice bytes, struct error *err)
{
    struct buf shown;

    if (!is_paged && isatty(STDOUT_FILENO) == 0)
        return write_all(bytes, err);
    buf_init(&shown, 8 * GIB);
    add_for_terminal(&shown, bytes);
    enum status status = buf_check(&shown, err);
    if (status == STATUS_OK)
        status = write_all(buf_slice(&shown), err);
    buf_release(&shown);
    return status;
}

enum status output_write_json(struct slice json, struct error *err)
{
    struct buf safe;

    buf_init(&safe, 8 * GIB);
    text_add_json_safe(&safe, json);
    enum status status = buf_check(&safe, err);
    if (status == STATUS_OK)
        status = output_write(buf_slice(&safe), err);
    buf_release(&safe);
    return status;
}

bool output_was_left(const struct error *err)
{
    return err->status == STATUS_IO && err->os_errno == EPIPE;
}

enum status output_unless_left(enum status status, const struct error *err)
{
    return status != STATUS_OK && output_was_left(err) ? STATUS_OK : status;
}

static enum status spill(struct output *output, struct error *err)
{
    enum status status = buf_check(&output->buf, err);

    bool is_json = output->format == OUTPUT_JSON || output->format == OUTPUT_NDJSON;
    if (status == STATUS_OK)
        status = is_json ? output_write_json(buf_slice(&output->buf), err)
                         : output_write(buf_slice(&output->buf), err);
    buf_clear(&output->buf);
    return status;
}

enum status output_flush(struct output *output, struct error *err)
{
    return output->format == OUTPUT_TABLE ? STATUS_OK : spill(output, err);
}

static struct slice printable(struct slice text, struct arena *arena, struct error *err)
{
    struct buf shown;

    buf_init(&shown, GIB);
    text_add_printable(&shown, text);
    struct slice copy = buf_check(&shown, err) == STATUS_OK
                            ? arena_copy(arena, buf_slice(&shown), err)
                            : slice_from(NULL, 0);
    buf_release(&shown);
    return copy;
}

/* For a terminal: names come from records, too. */
static enum status print_columns(struct output *output, struct error *err)
{
    const struct slice *names = output->columns;
    struct slice *shown = ARENA_ARRAY(output->arena, struct slice, output->column_count + 1, err);

    output->columns = shown;
    for (uint32_t i = 0; shown != NULL && i < output->column_count; i++) {
        shown[i] = printable(names[i], output->arena, err);
        if (shown[i].data == NULL)
            return err->status;
    }
    return shown == NULL ? err->status : STATUS_OK;
}

enum status output_begin(struct output *output, enum output_format format,
                         const struct slice *columns, uint32_t column_count, struct arena *arena,
                         struct error *err)
{
    *output = (struct output){.format = format, .columns = columns, .column_count = column_count,
                              .arena = arena};
    buf_init(&output->buf, GIB);
    if (format == OUTPUT_TABLE)
        return print_columns(output, err);
    if (format == OUTPUT_JSON)
        buf_add_byte(&output->buf, '[');
    for (uint32_t i = 0; format == OUTPUT_CSV && i < column_count; i++) {
        if (i > 0)
            buf_add_byte(&output->buf, ',');
        text_add_csv_cell(&output->buf, columns[i]);
    }
    if (format == OUTPUT_CSV && column_count > 0) /* an empty list names none */
        buf_add_text(&output->buf, "\r\n");
    return buf_check(&output->buf, err);
}

/* The cell as text: decoded strings, nothing for null, JSON else. */
static void add_cell_text(struct buf *buf, struct slice text, const struct json_token *token)
{
    if (token->kind == JSON_NULL)
        return;
    if (token->kind == JSON_STRING && token->escaped)
        json_unescape(json_text(text, token), buf);
    else
        buf_add_slice(buf, json_text(text, token));
}

/* The cells of a row: the elements of an array, or the values of an object. */
static uint32_t first_cell(const struct json_tape *tape, uint32_t row)
{
    return tape->tokens[row].kind == JSON_OBJECT ? row + 2 : row + 1;
}

static uint32_t next_cell(const struct json_tape *tape, uint32_t row, uint32_t cell)
{
    return tape->tokens[cell].next + (tape->tokens[row].kind == JSON_OBJECT ? 1 : 0);
}

static void add_object(struct output *output, struct slice text, const struct json_tape *tape,
                       uint32_t row)
{
    uint32_t token = first_cell(tape, row);

    buf_add_byte(&output->buf, '{');
    for (uint32_t i = 0; i < output->column_count && token < tape->tokens[row].next; i++) {
        const struct json_token *t = &tape->tokens[token];
        if (i > 0)
            buf_add_byte(&output->buf, ',');
        text_add_json_string(&output->buf, output->columns[i]);
        buf_add_byte(&output->buf, ':');
        if (t->kind == JSON_STRING)
            buf_add(&output->buf, text.data + t->start - 1, t->end - t->start + 2);
        else
            json_add_line(&output->buf, json_text(text, t));
        token = next_cell(tape, row, token);
    }
    buf_add_byte(&output->buf, '}');
}

static enum status keep_cell(struct output *output, struct slice text,
                             const struct json_token *token, struct error *err)
{
    struct buf raw;

    if (output->cell_count == output->cell_capacity) {
        size_t capacity = output->cell_capacity == 0 ? 1024 : output->cell_capacity * 2;
        struct slice *cells = realloc(output->cells, capacity * sizeof(*cells));
        if (cells == NULL)
            return ERROR_MEMORY(err);
        output->cells = cells;
        output->cell_capacity = capacity;
    }
    buf_init(&raw, GIB);
    add_cell_text(&raw, text, token);
    struct slice cell = printable(buf_slice(&raw), output->arena, err);
    buf_release(&raw);
    if (cell.data == NULL)
        return err->status;
    output->cells[output->cell_count++] = cell;
    return STATUS_OK;
}

/* A number is no formula, whatever it begins with. */
static void add_csv_cell(struct output *output, struct slice text, const struct json_token *token)
{
    struct buf cell;

    if (token->kind == JSON_NUMBER) {
        buf_add_slice(&output->buf, json_text(text, token));
        return;
    }
    buf_init(&cell, GIB);
    add_cell_text(&cell, text, token);
    text_add_csv_cell(&output->buf, buf_slice(&cell));
    buf_release(&cell);
}

static enum status add_cells(struct output *output, struct slice text,
                             const struct json_tape *tape, uint32_t row, struct error *err)
{
    uint32_t token = first_cell(tape, row);

    for (uint32_t i = 0; i < output->column_count && token < tape->tokens[row].next; i++) {
        const struct json_token *t = &tape->tokens[token];
        if (output->format == OUTPUT_TABLE) {
            enum status status = keep_cell(output, text, t, err);
            if (status != STATUS_OK)
                return status;
        } else {
            if (i > 0)
                buf_add_byte(&output->buf, ',');
            add_csv_cell(output, text, t);
        }
        token = next_cell(tape, row, token);
    }
    if (output->format == OUTPUT_CSV)
        buf_add_text(&output->buf, "\r\n");
    return STATUS_OK;
}

enum status output_row(struct output *output, struct slice text, const struct json_tape *tape,
                       uint32_t row, struct error *err)
{
    enum status status = STATUS_OK;

    switch (output->format) {
    case OUTPUT_JSON:
        if (output->row_count > 0)
            buf_add_text(&output->buf, ",\n ");
        add_object(output, text, tape, row);
        break;
    case OUTPUT_NDJSON:
        add_object(output, text, tape, row);
        buf_add_byte(&output->buf, '\n');
        break;
    case OUTPUT_TABLE:
    case OUTPUT_CSV:
        status = add_cells(output, text, tape, row, err);
        break;
    }
    output->row_count++;
    if (status == STATUS_OK && output->buf.size > WRITE_BYTES)
        status = spill(output, err);
    return status;
}

static void pad(struct buf *buf, size_t from, size_t to)
{
    for (; from < to; from++)
        buf_add_byte(buf, ' ');
}

/* How many columns of a terminal it takes: two for most signs of East Asia, none for accents. */
static size_t rune_width(uint32_t rune)
{
    int width = rune < 0x80 ? 1 : wcwidth((wchar_t)rune);

    return width < 0 ? 1 : (size_t)width;
}

/* Up to where the text fits in `max` columns; *ret_width is what it takes up to there. */
static size_t fitting(struct slice text, size_t max, size_t *ret_width)
{
    size_t at = 0, fits = 0;

    *ret_width = 0;
    while (at < text.size) {
        size_t width = rune_width(text_next_rune(text, &at));
        if (*ret_width + width > max)
            break;
        *ret_width += width;
        fits = at;
    }
    return fits;
}

/* At most CELL_COLUMNS_MAX columns, an ellipsis for the rest.  Returns what it takes. */
static size_t add_cut(struct buf *buf, struct slice cell, bool uncut)
{
    size_t width, max = uncut ? SIZE_MAX : CELL_COLUMNS_MAX;

    if (fitting(cell, max, &width) == cell.size) {
        buf_add_slice(buf, cell);
        return width;
    }
    buf_add_slice(buf, slice_head(cell, fitting(cell, max - 1, &width)));
    buf_add_text(buf, "\xE2\x80\xA6");
    return width + 1;
}

static size_t cell_width(struct slice cell, bool uncut)
{
    size_t width;

    return fitting(cell, uncut ? SIZE_MAX : CELL_COLUMNS_MAX, &width) == cell.size
               ? width
               : CELL_COLUMNS_MAX;
}

static enum status draw_table(struct output *output, struct error *err)
{
    size_t *widths = ARENA_ARRAY(output->arena, size_t, output->column_count + 1, err);

    if (widths == NULL)
        return err->status;
    for (uint32_t i = 0; i < output->column_count; i++)
        widths[i] = cell_width(output->columns[i], output->is_uncut);
    for (size_t i = 0; i < output->cell_count; i++) {
        size_t width = cell_width(output->cells[i], output->is_uncut);
        if (width > widths[i % output->column_count])
            widths[i % output->column_count] = width;
    }
    for (uint32_t i = 0; i < output->column_count; i++) {
        size_t width = add_cut(&output->buf, output->columns[i], output->is_uncut);
        if (i + 1 < output->column_count)
            pad(&output->buf, width, widths[i] + 2);
    }
    buf_add_byte(&output->buf, '\n');
    for (uint32_t i = 0; i < output->column_count; i++) {
        for (size_t k = 0; k < widths[i]; k++)
            buf_add_byte(&output->buf, '-');
        buf_add_text(&output->buf, i + 1 < output->column_count ? "  " : "\n");
    }
    for (size_t i = 0; i < output->cell_count; i++) {
        uint32_t column = (uint32_t)(i % output->column_count);
        size_t width = add_cut(&output->buf, output->cells[i], output->is_uncut);
        if (column + 1 < output->column_count)
            pad(&output->buf, width, widths[column] + 2);
        else
            buf_add_byte(&output->buf, '\n');
    }
    return STATUS_OK;
}

void output_drop(struct output *output)
{
    buf_release(&output->buf);
    free(output->cells);
    output->cells = NULL;
}

enum status output_end(struct output *output, struct error *err)
{
    enum status status = STATUS_OK;

    if (output->format == OUTPUT_JSON)
        buf_add_text(&output->buf, "]\n");
    if (output->format == OUTPUT_TABLE && output->column_count > 0) {
        /* wcwidth() goes by the locale, the cells are UTF-8 in any */
        locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        locale_t before = uselocale(utf8);
        status = draw_table(output, err);
        (void)uselocale(before);
        if (utf8 != (locale_t)0)
            freelocale(utf8);
    }
    if (status == STATUS_OK)
        status = spill(output, err);
    output_drop(output);
    return status;
}

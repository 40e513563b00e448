/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cli_output.c - an answer with any names and values, shown in all formats.  JSON and CSV read
 * back say what the answer said, no cell of a CSV is a formula, and a table has its lines and
 * nothing in it that moves a cursor or turns a text around.
 *
 * The input is an array of arrays or objects; the first has the names of the columns. */
#include "cli/output.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "query/csv.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS_MAX 16u

struct answer {
    struct slice text;
    struct json_tape tape;
    struct arena *arena;
    struct slice columns[COLUMNS_MAX];
    uint32_t column_count, row_count;
};

/* ---- the answer ---- */

/* Decoded strings, nothing for null, JSON else. */
static struct slice value_of(const struct answer *a, uint32_t token)
{
    const struct json_token *t = &a->tape.tokens[token];
    struct slice text = json_text(a->text, t);
    struct error err;
    struct buf decoded;

    if (t->kind == JSON_NULL)
        return SLICE("");
    if (t->kind != JSON_STRING)
        return text;
    buf_init(&decoded, MIB);
    json_unescape(text, &decoded);
    text = arena_copy(a->arena, buf_slice(&decoded), &err);
    CHECK(text.data != NULL);
    buf_release(&decoded);
    return text;
}

/* The cells of a row, in order; UINT32_MAX if they are more or fewer than the columns. */
static uint32_t cells_of(const struct answer *a, uint32_t row, uint32_t ret[COLUMNS_MAX])
{
    const struct json_token *tokens = a->tape.tokens;
    uint32_t step = tokens[row].kind == JSON_OBJECT ? 1 : 0, count = 0;

    if (tokens[row].kind != JSON_OBJECT && tokens[row].kind != JSON_ARRAY)
        return UINT32_MAX;
    for (uint32_t i = row + 1; i < tokens[row].next; i = tokens[i + step].next) {
        if (count == COLUMNS_MAX)
            return UINT32_MAX;
        ret[count++] = i + step;
    }
    return count;
}

/* False if the input is no answer. */
static bool read_answer(struct slice text, struct answer *ret)
{
    uint32_t cells[COLUMNS_MAX];

    ret->text = text;
    if (json_parse(text, JSON_DEPTH_MAX, &ret->tape) != JSON_OK)
        return false;
    const struct json_token *tokens = ret->tape.tokens;
    if (tokens[0].kind != JSON_ARRAY || tokens[0].next == 1)
        return false;
    uint32_t count = cells_of(ret, 1, cells);
    if (count == UINT32_MAX || count == 0)
        return false;
    ret->column_count = count;
    for (uint32_t i = 0; i < count; i++)
        ret->columns[i] = value_of(ret, cells[i]);
    for (uint32_t row = tokens[1].next; row < tokens[0].next; row = tokens[row].next) {
        if (cells_of(ret, row, cells) != count)
            return false;
        ret->row_count++;
    }
    return true;
}

/* ---- what is shown ---- */

static void show(struct answer *a, enum output_format format, struct buf *ret)
{
    int file = memfd_create("stdout", MFD_CLOEXEC), real = dup(STDOUT_FILENO);
    const struct json_token *tokens = a->tape.tokens;
    struct output output;
    struct error err;

    (void)fflush(stdout);
    CHECK(file >= 0 && real >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    CHECK(output_begin(&output, format, a->columns, a->column_count, a->arena, &err) ==
          STATUS_OK);
    for (uint32_t row = tokens[1].next; row < tokens[0].next; row = tokens[row].next)
        CHECK(output_row(&output, a->text, &a->tape, row, &err) == STATUS_OK);
    CHECK(output_end(&output, &err) == STATUS_OK && output.row_count == a->row_count);
    CHECK(dup2(real, STDOUT_FILENO) >= 0);
    off_t size = lseek(file, 0, SEEK_END);
    buf_init(ret, 64 * MIB);
    char *bytes = size > 0 ? buf_extend(ret, (size_t)size) : NULL;
    CHECK(size == 0 || (bytes != NULL && pread(file, bytes, (size_t)size, 0) == size));
    (void)close(file);
    (void)close(real);
}

/* A nested value keeps all but its line ends. */
static bool is_same_nested(struct slice value, struct slice shown)
{
    for (size_t i = 0; i < value.size; i++) {
        bool is_end = value.data[i] == '\n' || value.data[i] == '\r';
        if (!is_end && (shown.size == 0 || shown.data[0] != value.data[i]))
            return false;
        shown = slice_tail(shown, is_end ? 0 : 1);
    }
    return shown.size == 0;
}

/* The object at `token` says what the row says. */
static void check_object(const struct answer *a, uint32_t row, const struct answer *shown,
                         uint32_t token)
{
    uint32_t cells[COLUMNS_MAX], others[COLUMNS_MAX];

    CHECK(shown->tape.tokens[token].kind == JSON_OBJECT);
    CHECK(cells_of(a, row, cells) == a->column_count);
    CHECK(cells_of(shown, token, others) == a->column_count);
    for (uint32_t i = 0; i < a->column_count; i++) {
        struct buf name;
        buf_init(&name, MIB);
        json_unescape(json_text(shown->text, &shown->tape.tokens[others[i] - 1]), &name);
        CHECK(slice_equal(buf_slice(&name), a->columns[i]));
        buf_release(&name);
        CHECK(shown->tape.tokens[others[i]].kind == a->tape.tokens[cells[i]].kind);
        if (a->tape.tokens[cells[i]].kind == JSON_STRING)
            CHECK(slice_equal(value_of(shown, others[i]), value_of(a, cells[i])));
        else
            CHECK(is_same_nested(value_of(a, cells[i]), value_of(shown, others[i])));
    }
}

static void check_json(const struct answer *a, struct slice text, bool in_lines)
{
    const struct json_token *tokens = a->tape.tokens;
    struct answer shown = {.arena = a->arena};
    struct slice rest = text, line;
    uint32_t at = 1;

    json_tape_init(&shown.tape);
    shown.text = text;
    CHECK(in_lines || json_parse(text, 2 * JSON_DEPTH_MAX, &shown.tape) == JSON_OK);
    for (uint32_t row = tokens[1].next; row < tokens[0].next; row = tokens[row].next) {
        if (in_lines) {
            CHECK(slice_next(&rest, '\n', &line));
            shown.text = line;
            CHECK(json_parse(line, 2 * JSON_DEPTH_MAX, &shown.tape) == JSON_OK);
            check_object(a, row, &shown, 0);
        } else {
            CHECK(at < shown.tape.tokens[0].next);
            check_object(a, row, &shown, at);
            at = shown.tape.tokens[at].next;
        }
    }
    CHECK(in_lines ? rest.size == 0 : at == shown.tape.tokens[0].next);
    json_tape_release(&shown.tape);
}

static bool is_formula(struct slice cell)
{
    static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "\n",
                                         "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                         "\xEF\xBC\xA0"};
    bool found = cell.size > 0 && cell.data[0] == '\0';

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        found |= slice_starts_with(cell, slice_of(starts[i]));
    return found;
}

/* The cell as it was, or behind the mark that keeps it from being run. */
static void check_cell(struct slice shown, struct slice value)
{
    CHECK(!is_formula(shown));
    if (is_formula(value)) {
        CHECK(shown.size > 0 && shown.data[0] == '\'');
        shown = slice_tail(shown, 1);
    }
    CHECK(slice_equal(shown, value));
}

static void check_csv(const struct answer *a, struct slice text)
{
    const struct json_token *tokens = a->tape.tokens;
    struct csv csv = {text, ',', a->arena};
    struct slice shown[COLUMNS_MAX];
    uint32_t cells[COLUMNS_MAX], count;
    struct error err;

    for (uint32_t row = 1; row < tokens[0].next; row = tokens[row].next) {
        CHECK(cells_of(a, row, cells) == a->column_count);
        if (a->column_count == 1 && value_of(a, cells[0]).size == 0)
            continue; /* an empty line, which readers pass over */
        CHECK(csv_next(&csv, shown, COLUMNS_MAX, &count, &err) == STATUS_OK);
        CHECK(count == a->column_count);
        for (uint32_t i = 0; i < count; i++)
            check_cell(shown[i], value_of(a, cells[i]));
    }
    CHECK(csv_next(&csv, shown, COLUMNS_MAX, &count, &err) == STATUS_OK && count == 0);
}

static bool steers(uint32_t rune)
{
    return rune < ' ' || (rune >= 0x7f && rune <= 0x9f) || rune == 0x061c || rune == 0x200e ||
           rune == 0x200f || (rune >= 0x202a && rune <= 0x202e) ||
           (rune >= 0x2066 && rune <= 0x2069);
}

static void check_table(const struct answer *a, struct slice text)
{
    uint32_t lines = 0;

    CHECK(text_is_utf8(text));
    for (size_t at = 0; at < text.size;) {
        uint32_t rune = text_next_rune(text, &at);
        lines += rune == '\n';
        CHECK(rune == '\n' || !steers(rune));
    }
    CHECK(lines == a->row_count + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer answer = {.arena = arena_new(256 * MIB)};
    struct buf shown;

    CHECK(answer.arena != NULL);
    json_tape_init(&answer.tape);
    if (read_answer(slice_from((const char *)data, size), &answer)) {
        for (int i = OUTPUT_TABLE; i <= OUTPUT_CSV; i++) {
            enum output_format format = (enum output_format)i;
            show(&answer, format, &shown);
            if (format == OUTPUT_TABLE)
                check_table(&answer, buf_slice(&shown));
            else if (format == OUTPUT_CSV)
                check_csv(&answer, buf_slice(&shown));
            else
                check_json(&answer, buf_slice(&shown), format == OUTPUT_NDJSON);
            buf_release(&shown);
        }
    }
    json_tape_release(&answer.tape);
    arena_free(answer.arena);
    return 0;
}

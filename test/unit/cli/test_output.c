/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What goes to stdout for the rows of an array of arrays; the first has the columns. */
static void show(enum output_format format, const char *json, char ret[4096])
{
    struct slice text = slice_of(json), columns[8];
    int file = memfd_create("stdout", 0), real = dup(STDOUT_FILENO);
    struct arena *arena = arena_new(MIB);
    struct json_tape tape;
    struct output output;
    uint32_t count = 0;
    struct error err;

    assert_true(file >= 0 && real >= 0 && arena != NULL);
    json_tape_init(&tape);
    assert_int_equal(json_parse(text, JSON_DEPTH_MAX, &tape), JSON_OK);
    uint32_t row = 1;
    for (uint32_t i = row + 1; i < tape.tokens[row].next; i = tape.tokens[i].next) {
        struct buf name;
        buf_init(&name, KIB);
        json_unescape(json_text(text, &tape.tokens[i]), &name);
        columns[count++] = arena_copy(arena, buf_slice(&name), &err);
        buf_release(&name);
    }
    (void)fflush(stdout);
    assert_true(dup2(file, STDOUT_FILENO) >= 0);
    enum status status = output_begin(&output, format, columns, count, arena, &err);
    for (row = tape.tokens[row].next; row < tape.tokens[0].next && status == STATUS_OK;
         row = tape.tokens[row].next)
        status = output_row(&output, text, &tape, row, &err);
    if (status == STATUS_OK)
        status = output_end(&output, &err);
    assert_true(dup2(real, STDOUT_FILENO) >= 0);
    assert_int_equal(status, STATUS_OK);
    ssize_t got = pread(file, ret, 4095, 0);
    assert_true(got >= 0);
    ret[got] = '\0';
    (void)close(file);
    (void)close(real);
    json_tape_release(&tape);
    arena_free(arena);
}

static const char rows[] =
    "[[\"n\",\"a \\\"b\\\"\"], [1,\"x,\\ny\"], [null,{\"k\": [1]}], {\"n\":3,\"m\":\"=1\"}]";

static void test_formats(void **state)
{
    char text[4096];

    (void)state;
    show(OUTPUT_NDJSON, rows, text);
    assert_string_equal(text, "{\"n\":1,\"a \\\"b\\\"\":\"x,\\ny\"}\n"
                              "{\"n\":null,\"a \\\"b\\\"\":{\"k\": [1]}}\n"
                              "{\"n\":3,\"a \\\"b\\\"\":\"=1\"}\n");
    show(OUTPUT_JSON, rows, text);
    assert_string_equal(text, "[{\"n\":1,\"a \\\"b\\\"\":\"x,\\ny\"},\n"
                              " {\"n\":null,\"a \\\"b\\\"\":{\"k\": [1]}},\n"
                              " {\"n\":3,\"a \\\"b\\\"\":\"=1\"}]\n");
    show(OUTPUT_CSV, rows, text);
    assert_string_equal(text, "n,\"a \"\"b\"\"\"\r\n1,\"x,\ny\"\r\n,\"{\"\"k\"\": [1]}\"\r\n"
                              "3,\"'=1\"\r\n");
    show(OUTPUT_CSV, "[[]]", text);
    assert_string_equal(text, "");
    show(OUTPUT_CSV, "[[\"n\",\"s\"],[-1.5,\"-1.5\"]]", text);
    assert_string_equal(text, "n,s\r\n-1.5,\"'-1.5\"\r\n");
    show(OUTPUT_TABLE, rows, text);
    assert_string_equal(text, "n  a \"b\"\n-  ----------\n1  x,\\ny\n   {\"k\": [1]}\n3  =1\n");
}

/* Nested values are as their sender wrote them. */
static void test_a_record_is_a_line(void **state)
{
    char text[4096];

    (void)state;
    show(OUTPUT_NDJSON, "[[\"a\"],[{\"k\":\r\n [1,\n2]}]]", text);
    assert_string_equal(text, "{\"a\":{\"k\": [1,2]}}\n");
}

/* A terminal may stand behind the pipe; the characters are the same for who reads the JSON. */
static void test_json_has_no_character_that_steers(void **state)
{
    static const char hostile[] =
        "[[\"\xE2\x80\xAE" "a\"],[\"\xC2\x9B" "31m\x7f \xC3\xA4\"],[{\"k\xEF\xBB\xBF\":1}]]";
    char text[4096];

    (void)state;
    show(OUTPUT_NDJSON, hostile, text);
    assert_string_equal(text, "{\"\\u202ea\":\"\\u009b31m\\u007f \xC3\xA4\"}\n"
                              "{\"\\u202ea\":{\"k\\ufeff\":1}}\n");
    show(OUTPUT_JSON, hostile, text);
    assert_string_equal(text, "[{\"\\u202ea\":\"\\u009b31m\\u007f \xC3\xA4\"},\n"
                              " {\"\\u202ea\":{\"k\\ufeff\":1}}]\n");
}

/* A terminal shows some characters in two columns, and accents in none. */
static void test_wide_characters_are_counted_as_they_are_shown(void **state)
{
    char text[4096];

    (void)state;
    show(OUTPUT_TABLE, "[[\"c\",\"d\"],[\"日本\",1],[\"e\\u0301\",2],[\"abcde\",3]]", text);
    assert_string_equal(text, "c      d\n"
                              "-----  -\n"
                              "日本   1\n"
                              "e\xCC\x81      2\n"
                              "abcde  3\n");
}

/* Names of columns come from records as cells do. */
static void test_nothing_steers_the_terminal(void **state)
{
    char text[4096];

    (void)state;
    show(OUTPUT_TABLE,
         "[[\"\\u001b[31mred\",\"\\u202ename\\n\"],"
         "[\"\\u001b]0;title\\u0007\",\"\\u009b1m\"]]",
         text);
    assert_string_equal(text, "\\u{1b}[31mred        \\u{202e}name\\n\n"
                              "-------------------  --------------\n"
                              "\\u{1b}]0;title\\u{7}  \\u{9b}1m\n");
}

static void test_nothing_steers_the_terminal_through_a_pager(void **state)
{
    static const char json[] = "[[\"c\"],[\"\\u001b]0;x\"]]";
    char text[4096];

    (void)state;
    show(OUTPUT_CSV, json, text);
    assert_string_equal(text, "c\r\n\x1b]0;x\r\n");
    output_set_paged(true);
    show(OUTPUT_CSV, json, text);
    output_set_paged(false);
    assert_null(strchr(text, 0x1b));
    assert_non_null(strstr(text, "]0;x\n"));
}

static void test_long_cells_are_cut(void **state)
{
    char json[1024], text[4096], cell[201];

    (void)state;
    memset(cell, 'x', sizeof(cell) - 1);
    cell[200] = '\0';
    (void)snprintf(json, sizeof(json), "[[\"c\"],[\"%s\"]]", cell);
    show(OUTPUT_TABLE, json, text);
    assert_int_equal(strlen(text), 2 + 121 + 119 + strlen("\xE2\x80\xA6\n"));
}

static void test_what_is_not_wanted_any_more_is_not_written(void **state)
{
    atomic_bool stop = true;
    struct error err;

    (void)state;
    output_set_stop(&stop);
    assert_int_equal(output_write(SLICE("x"), &err), STATUS_CANCELLED);
    output_set_stop(NULL);
    assert_int_equal(output_write(SLICE(""), &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_a_record_is_a_line),
        cmocka_unit_test(test_json_has_no_character_that_steers),
        cmocka_unit_test(test_wide_characters_are_counted_as_they_are_shown),
        cmocka_unit_test(test_nothing_steers_the_terminal),
        cmocka_unit_test(test_nothing_steers_the_terminal_through_a_pager),
        cmocka_unit_test(test_long_cells_are_cut),
        cmocka_unit_test(test_what_is_not_wanted_any_more_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "codec/json.h"
#include "query/layout_priv.h"
#include "query/query.h"

#include <stdio.h>
#include <stdlib.h>

static void formats(const char *text, const char *wanted)
{
    struct error err = {0};
    struct buf out;

    buf_init(&out, MIB);
    ASSERT_OK(query_format(slice_of(text), &out, &err));
    if (!slice_is(buf_slice(&out), wanted))
        fail_msg("wanted:\n%s\nfound:\n%.*s", wanted, SLICE_FMT(buf_slice(&out)));
    buf_release(&out);
}

static void test_each_operator_has_a_line(void **state)
{
    (void)state;
    formats("T|where a==1|project a,b", "T\n| where a == 1\n| project a, b\n");
    formats("T | distinct a,**X,*Y*,-b*c | summarize by*X*Y**",
            "T\n| distinct a, **X, *Y*, -b * c\n| summarize by *X*Y**\n");
    formats("T | distinct a,*X | summarize by *X,-b*c",
            "T\n| distinct a, *X\n| summarize by *X, -b * c\n");
    formats("T|take hint . ['a\\'b']=1 5", "T\n| take hint.['a\\'b']=1 5\n");
    formats("T|project x=-3*-e,a*b,(a)*-b, 2*+c|extend y=2*-3",
            "T\n| project x = -3 * -e, a * b, (a) * -b, 2 * +c\n| extend y = 2 * -3\n");
    formats("T | project-away x*,y | mv-expand kind=array z to typeof(string)",
            "T\n| project-away x*, y\n| mv-expand kind=array z to typeof(string)\n");
    formats("T|extend kind=a|summarize kind=max(kind)by flags=b|serialize kind=1",
            "T\n| extend kind = a\n| summarize kind = max(kind) by flags = b\n"
            "| serialize kind = 1\n");
    formats("T|mv-apply kind = array x on(count)|make-series kind = nonempty n=count() on t",
            "T\n| mv-apply kind=array x on (count)\n"
            "| make-series kind=nonempty n = count() on t\n");
    formats("T|take 5;", "T\n| take 5;\n");
    formats("T|mv-expand with_itemindex=(case(aaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
            "bbbbbbbbbbbbbbbbbbbbbbbbbb,cccccccccccccccccccccc,4)) d,e",
            "T\n| mv-expand with_itemindex=(\n    case(aaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
            "bbbbbbbbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccccc, 4)\n)\n    d,\n    e\n");
}

static void test_blanks_follow_the_tokens(void **state)
{
    (void)state;
    formats("print x=-1+ - 2*f( a,b )[0].c['d']", "print x = -1 + -2 * f(a, b)[0].c['d']\n");
    formats("T|where a in('x','y')and not(b)and c between(1..2)",
            "T\n| where a in ('x', 'y') and not(b) and c between (1 .. 2)\n");
    formats("T|where a!has_any('x')and b hassuffix_cs('y')",
            "T\n| where a !has_any ('x') and b hassuffix_cs ('y')\n");
    formats("print-r", "print -r\n");
    formats("declare pattern p;p( 'x' ).y", "declare pattern p;\np('x').y\n");
    formats("let f=(a:long,t:(*)){a+1};print f( 1 )",
            "let f = (a:long, t:(*)) { a + 1 };\nprint f(1)\n");
}

static void test_nested_pipelines_are_indented(void **state)
{
    (void)state;
    formats("let x=T|where a>1;x|join kind=leftouter hint.strategy=shuffle(U|take 5)on a",
            "let x =\n    T\n    | where a > 1;\nx\n| join kind=leftouter hint.strategy=shuffle (\n"
            "    U\n    | take 5\n) on a\n");
}

static void test_long_lists_are_broken_at_commas(void **state)
{
    (void)state;
    formats("T|summarize aaaaaaaaaaaaaaaaaaaaaaaaaa=count(),bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb="
            "dcount(cccccccccccccccccccccccccccccc) by d,e",
            "T\n| summarize\n    aaaaaaaaaaaaaaaaaaaaaaaaaa = count(),\n"
            "    bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb = dcount(cccccccccccccccccccccccccccccc)\n"
            "    by d, e\n");
    formats("T|where aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa == 'bbbbbbbbbbbbbbbbbbbbbbbbb' and "
            "cccccccccccccccccccccccccccccccccc == 2",
            "T\n| where aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa == 'bbbbbbbbbbbbbbbbbbbbbbbbb'\n"
            "    and cccccccccccccccccccccccccccccccccc == 2\n");
    formats("datatable(a:long,b:string)[1,'x',2,'y']",
            "datatable(a:long, b:string)[\n    1, 'x',\n    2, 'y'\n]\n");
}

static void test_comments_and_blank_lines_stay(void **state)
{
    (void)state;
    formats("// first\n\n\nlet a=1;// behind\n\n# line\n  //  own \t\nT // t\n|where x // y\n",
            "// first\n\nlet a = 1; // behind\n\n# line\n//  own\nT // t\n| where x // y\n");
    formats("T|where a in(1, // one\n2)\n//end",
            "T\n| where a in (\n    1, // one\n    2\n)\n//end\n");
}

static void test_what_is_no_query_has_its_place(void **state)
{
    struct error err = {0};
    struct buf out;

    (void)state;
    buf_init(&out, MIB);
    ASSERT_STATUS(STATUS_INVALID, query_format(SLICE("T |\n where ("), &out, &err));
    assert_int_equal(err.line, 2);
    assert_int_equal(out.size, 0);
    buf_release(&out);
}

/* ---- over all queries that are known ---- */

static uint32_t comment_bytes(struct slice text, const struct token *tokens, uint32_t count,
                              uint32_t *ret_count)
{
    uint32_t sum = 0;

    *ret_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t at = i == 0 ? 0 : tokens[i - 1].end;
        uint32_t lines;
        for (;;) {
            struct slice c = layout_comment(text, &at, tokens[i].at, &lines);
            if (c.size == 0)
                break;
            (*ret_count)++;
            for (size_t k = 0; k < c.size; k++)
                sum = sum * 31 + (unsigned char)c.data[k];
        }
    }
    return sum;
}

/* The same tokens, the same comments, and the layout of the layout is itself.
 * (That the tree is the same is checked by query_format() each time.) */
static void check_one(struct slice text, const char *id)
{
    struct arena *arena = arena_new(64 * MIB);
    struct token *a, *b;
    uint32_t a_count, b_count, a_comments, b_comments;
    struct error err = {0};
    struct buf once, twice;

    buf_init(&once, 4 * MIB);
    buf_init(&twice, 4 * MIB);
    if (query_format(text, &once, &err) != STATUS_OK)
        fail_msg("%s: %s (%u:%u)", id, err.text, err.line, err.column);
    ASSERT_OK(lex(arena, text, &a, &a_count, &err));
    ASSERT_OK(lex(arena, buf_slice(&once), &b, &b_count, &err));
    if (a_count != b_count)
        fail_msg("%s: %u tokens became %u", id, a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        if (a[i].kind != b[i].kind || !slice_equal(a[i].text, b[i].text))
            fail_msg("%s: token %u differs", id, i);
    }
    uint32_t a_sum = comment_bytes(text, a, a_count, &a_comments);
    if (a_sum != comment_bytes(buf_slice(&once), b, b_count, &b_comments) ||
        a_comments != b_comments)
        fail_msg("%s: comments differ", id);
    ASSERT_OK(query_format(buf_slice(&once), &twice, &err));
    if (!slice_equal(buf_slice(&once), buf_slice(&twice)))
        fail_msg("%s: not stable:\n%.*s\n---\n%.*s", id, SLICE_FMT(buf_slice(&once)),
                 SLICE_FMT(buf_slice(&twice)));
    buf_release(&once);
    buf_release(&twice);
    arena_free(arena);
}

/* Each line's "query"; those that do not parse have tests of their own. */
static void check_file(const char *name)
{
    const char *shared = getenv("DAYBOOK_SHARED");
    char path[512];
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    uint32_t checked = 0, refused = 0;

    (void)snprintf(path, sizeof(path), "%s/kql/%s", shared == NULL ? "../shared" : shared, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("SKIPPED (1 cases): no %s\n", path);
        return;
    }
    while ((size = getline(&line, &capacity, file)) > 0) {
        struct slice text = slice_from(line, (size_t)size);
        struct json_tape tape;
        struct buf query, ignored;
        struct error err = {0};
        json_tape_init(&tape);
        buf_init(&query, 4 * MIB);
        buf_init(&ignored, 4 * MIB);
        assert_int_equal(json_parse(text, JSON_DEPTH_MAX, &tape), JSON_OK);
        uint32_t id = json_member(text, tape.tokens, 0, SLICE("id"));
        uint32_t q = json_member(text, tape.tokens, 0, SLICE("query"));
        json_unescape(json_text(text, &tape.tokens[q]), &query);
        char *label = slice_dup(json_text(text, &tape.tokens[id]));
        if (query_format(buf_slice(&query), &ignored, &err) == STATUS_INVALID &&
            strncmp(err.code, "SYN", 3) == 0) {
            refused++;
        } else {
            check_one(buf_slice(&query), label);
            checked++;
        }
        free(label);
        buf_release(&query);
        buf_release(&ignored);
        json_tape_release(&tape);
    }
    free(line);
    (void)fclose(file);
    print_message("%s: %u laid out, %u are no queries\n", name, checked, refused);
    assert_true(checked > 400);
    assert_true(refused * 20 < checked);
}

/* Blanks are added behind each comma, so the layout may be longer than a query may be. */
static void test_a_layout_that_is_too_long_says_so(void **state)
{
    struct buf query, laid_out;
    struct error err = {0};

    (void)state;
    buf_init(&query, MIB);
    buf_init(&laid_out, 4 * MIB);
    buf_add_text(&query, "T|where a in(0");
    for (unsigned i = 0; i < 40000; i++)
        buf_add_text(&query, ",1");
    buf_add_text(&query, ",'");
    for (unsigned i = 0; i < 150 * KIB; i++)
        buf_add_byte(&query, 'x');
    buf_add_text(&query, "')");
    enum status status = query_format(buf_slice(&query), &laid_out, &err);
    assert_int_equal(status, STATUS_LIMIT);
    assert_non_null(strstr(err.text, "laid out, the query has "));
    buf_release(&query);
    buf_release(&laid_out);
}

static void test_the_corpus_keeps_its_meaning(void **state)
{
    (void)state;
    check_file("corpus.dev.jsonl");
}

static void test_the_cases_keep_their_meaning(void **state)
{
    (void)state;
    check_file("cases.dev.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_operator_has_a_line),
        cmocka_unit_test(test_blanks_follow_the_tokens),
        cmocka_unit_test(test_nested_pipelines_are_indented),
        cmocka_unit_test(test_long_lists_are_broken_at_commas),
        cmocka_unit_test(test_comments_and_blank_lines_stay),
        cmocka_unit_test(test_what_is_no_query_has_its_place),
        cmocka_unit_test(test_a_layout_that_is_too_long_says_so),
        cmocka_unit_test(test_the_corpus_keeps_its_meaning),
        cmocka_unit_test(test_the_cases_keep_their_meaning),
    };
    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lets, functions, statements. */
#include "ask.h"

static const struct ask refused[] = {
    {"let x = 5; x", "! 1:12 'x' is a value, a table is needed"},
    {"let f = (a:long) { T | where n == a }; f()", "! 1:40 argument 'a' is missing"},
    {"let f = (a:long) { a }; print f(1, 2)", "! 1:31 'f' takes 1 arguments"},
    {"let f = (a:(n:long)) { a | count }; f()", "! 1:37 argument 'a' is missing"},
    {"declare query_parameters(p:long); print p", "! 1:26 parameter 'p' has no value"},
    {"let f = () { f() }; f()", "! 1:14 function 'f' is not known"},
    {"let a = 1;", "! 1:1 expected a table at the end of the query"},
    {"let f = () { T }; print f + 1", "! 1:25 'f' gives a table, a value is needed"},
    {"let f = (a:long) { a }; print f + 1", "! 1:31 argument 'a' is missing"},
    {"let f = (a:long) { a }; T | invoke f()", "! 1:36 the first parameter must be a table"},
};
ASK_TEST(what_is_wrong_is_refused_where_it_stands, refused)

static const struct ask answered[] = {
    {"let a = T; a | count", "[[2]]"},
    {"let f = (a:long) { T | where n == a }; f(1) | count", "[[1]]"},
    {"let f = (a:(n:long)) { a | count }; f(T)", "[[2]]"},
    {"let f = (a:(n:long)) { a | count }; T | invoke f()", "[[2]]"},
    {"let f = (a:long = 7) { print a }; f()", "[[7]]"},
    {"let f = (a:long = 7) { a }; print f * 2, f()", "[[14,7]]"},
    {"let m = materialize(T); m | count", "[[2]]"},
    {"declare query_parameters(p:long = 4); print p", "[[4]]"},
    {"set notruncation; T | count", "[[2]]"},
    {"let f = (a:long, b:long) { print a - b }; f(b = 1, a = 3)", "[[2]]"},
};
ASK_TEST(what_is_right_has_its_answer, answered)

/* Functions that each have the one before it within `count` calls of g() or unions. */
static void ask_functions(bool tables, uint32_t count, uint32_t functions, const char *wanted)
{
    const char *parameters = tables ? "()" : "(x:long)", *argument = tables ? "" : "x";
    struct buf text;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_format(&text, "let g = (x:long) { x }; let f0 = %s { %s };", parameters,
                   tables ? "print 1" : "x");
    for (uint32_t f = 1; f <= functions; f++) {
        buf_add_format(&text, "let f%u = %s { ", f, parameters);
        for (uint32_t i = 0; i < count; i++)
            buf_add_text(&text, tables ? "union (" : "g(");
        buf_add_format(&text, "f%u(%s)", f - 1, argument);
        for (uint32_t i = 0; i < count; i++)
            buf_add_byte(&text, ')');
        buf_add_text(&text, " };");
    }
    buf_add_format(&text, "%sf%u(%s)", tables ? "" : "print ", functions, tables ? "" : "1");
    buf_add_byte(&text, '\0');
    ask_all(&(struct ask){text.data, wanted}, 1);
    buf_release(&text);
}

static void what_functions_unfold_to_is_not_too_deep(void **state)
{
    (void)state;
    ask_functions(false, 60, 20, "[[1]]");
    ask_functions(false, 60, 50, "! E_QUERY_TOO_COMPLEX");
    ask_functions(true, 60, 5, "[[1]]");
    ask_functions(true, 60, 50, "! E_QUERY_TOO_COMPLEX");
}

ASK_MAIN(cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
         cmocka_unit_test(what_is_right_has_its_answer),
         cmocka_unit_test(what_functions_unfold_to_is_not_too_deep))

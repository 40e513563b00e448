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

ASK_MAIN(cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
         cmocka_unit_test(what_is_right_has_its_answer))

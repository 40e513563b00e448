/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of values. */
#include "ask.h"

static const struct ask types_cases[] = {
    {"datatable(d:dynamic)[dynamic({\"a\":1}), dynamic({\"a\":\"x\", \"b\":[1.5]})] | summarize "
     "buildschema(d)",
     "[[{\"a\":[\"long\",\"string\"],\"b\":{\"`indexer`\":\"double\"}}]]"},
    {"datatable(d:dynamic)[dynamic({\"a\":true})] | summarize buildschema(d)",
     "[[{\"a\":\"bool\"}]]"},
};
ASK_TEST(types, types_cases)

ASK_MAIN(cmocka_unit_test(types))

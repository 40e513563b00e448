/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of values. */
#include "ask.h"

static const struct ask types_cases[] = {
    {"datatable(d:dynamic)[dynamic({\"a\":1}), dynamic({\"a\":\"x\", \"b\":[1.5]})] | summarize "
     "buildschema(d)",
     "[[{\"a\":[\"long\",\"string\"],\"b\":{\"`indexer`\":\"double\"}}]]"},
    {"datatable(d:dynamic)[dynamic({\"a\":true})] | summarize buildschema(d)",
     "[[{\"a\":\"bool\"}]]"},
    {"range x from 1 to 400 step 1 | summarize s = buildschema(bag_pack(strcat('k', x % 100), "
     "iff(x <= 200, dynamic({\"n\":1}), dynamic({\"m\":'a'})))) | project "
     "array_length(bag_keys(s)), s.k1, s.k99, s.k0, s.k100",
     "[[100,{\"n\":\"long\",\"m\":\"string\"},{\"n\":\"long\",\"m\":\"string\"},"
     "{\"n\":\"long\",\"m\":\"string\"},null]]"},
};
ASK_TEST(types, types_cases)

ASK_MAIN(cmocka_unit_test(types))

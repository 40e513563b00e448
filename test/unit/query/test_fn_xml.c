/* SPDX-License-Identifier: Apache-2.0 */
/* XML as JSON. */
#include "ask.h"

static const struct ask elements_cases[] = {
    {"print parse_xml('<a><b>1</b><b>2</b></a>'), parse_xml('<a x=\"1\">t</a>')",
     "[[{\"a\":{\"b\":[\"1\",\"2\"]}},{\"a\":{\"@x\":\"1\",\"#text\":\"t\"}}]]"},
    {"print parse_xml('<e> text <a>t</a> </e>'), parse_xml('<e><a> t </a> x </e>'), "
     "parse_xml('<e x=\"1\"> t </e>')",
     "[[{\"e\":{\"#text\":\"text\",\"a\":\"t\"}},{\"e\":{\"a\":\" t \",\"#text\":\"x\"}},"
     "{\"e\":{\"@x\":\"1\",\"#text\":\" t \"}}]]"},
    {"print parse_xml('<a>'), parse_xml(''), parse_xml('<a/>')",
     "[[null,null,{\"a\":null}]]"},
    {"print parse_xml('<a x=\"1\"><b>1</b><c/><b>2</b><c>3</c><b/><x>4</x></a>')",
     "[[{\"a\":{\"@x\":\"1\",\"b\":[\"1\",\"2\",null],\"c\":[null,\"3\"],\"x\":\"4\"}}]]"},
    {"print parse_xml('<a>&lt;&amp;&#65;<![CDATA[<x>]]></a>')",
     "[[{\"a\":{\"#text\":\"<&A\",\"#cdata-section\":\"<x>\"}}]]"},
    /* 1 MiB is the most that is read */
    {"print x = strcat('<a>', strrep(strrep('x', 1024), 1023), strrep('y', 1017), '</a>') "
     "| extend y = strcat(x, ' ') | project strlen(x), strlen(tostring(parse_xml(x).a)), "
     "isnull(parse_xml(y))",
     "[[1048576,1048569,true]]"},
};
ASK_TEST(elements, elements_cases)

ASK_MAIN(cmocka_unit_test(elements))

/* SPDX-License-Identifier: Apache-2.0 */
/* Property bags. */
#include "ask.h"

static const struct ask changing_cases[] = {
    {"print bag_set_key(dynamic({'a': 1}), 'b', 2), bag_set_key(dynamic({'a': 1}), 'a', 'x'), "
     "bag_set_key(dynamic({'a': {'b': 1, 'c': 2}}), '$.a.b', 5), bag_set_key(dynamic({}), "
     "'$.a.b.c', 1)",
     "[[{\"a\":1,\"b\":2},{\"a\":\"x\"},{\"a\":{\"b\":5,\"c\":2}},{\"a\":{\"b\":{\"c\":1}}}]]"},
    {"print bag_set_key(dynamic([1]), 'b', 2), bag_set_key(dynamic({'a': 1}), '$.a.b', "
     "dynamic(null))",
     "[[null,{\"a\":{\"b\":null}}]]"},
    {"print bag_merge(dynamic({'a': 1}), dynamic({'a': 2, 'b': 3})), "
     "bag_remove_keys(dynamic({'a': 1, 'b': 2}), dynamic(['a', 'x'])), bag_keys(dynamic({'a': "
     "1, 'b': 2}))",
     "[[{\"a\":1,\"b\":3},{\"b\":2},[\"a\",\"b\"]]]"},
    {"print bag_has_key(dynamic({'a': 1}), 'a'), bag_has_key(dynamic({'a': 1}), 'b'), "
     "bag_zip(dynamic(['a', 'b']), dynamic([1]))",
     "[[true,false,{\"a\":1,\"b\":null}]]"},
    {"print bag_pack('a', 1, 'b', 'x'), pack_dictionary('a', 1), treepath(dynamic({'a': {'b': "
     "1}}))",
     "[[{\"a\":1,\"b\":\"x\"},{\"a\":1},[\"['a']\",\"['a']['b']\"]]]"},
    {"print treepath(dynamic({'l': [100, 'x', {'x': 'y'}, {'x': 1, 'z': [[2]]}]})), "
     "treepath(dynamic(1))",
     "[[[\"['l']\",\"['l'][0]\",\"['l'][0]['x']\",\"['l'][0]['z']\",\"['l'][0]['z'][0]\","
     "\"['l'][0]['z'][0][0]\"],[]]]"},
    {"print bag_pack('a')",
     "! 'bag_pack' takes 2 to 254 arguments, found 1"},
    {"print bag_set_key(dynamic({}), 'a')",
     "! 'bag_set_key' takes 3 arguments, found 2"},
};
ASK_TEST(changing, changing_cases)

ASK_MAIN(cmocka_unit_test(changing))

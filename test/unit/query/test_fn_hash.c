/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of values. */
#include "ask.h"

static const struct ask hashes_cases[] = {
    {"print hash('World'), hash('World', 100), hash(datetime(2020-01-01)), "
     "hash_xxhash64('World'), hash(1), hash(true)",
     "[[1846988464401551951,51,2979178823058244978,1846988464401551951,-6977822845260490347,-71"
     "3988197393555664]]"},
    {"print hash_md5('World'), hash_sha1('World'), hash_sha256('World')",
     "[[\"f5a7924e621e84c9280a9a27e1bcb7f6\",\"70c07ec18ef89c5309bbb0937f3a6342411e1fdd\",\"78a"
     "e647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524\"]]"},
    {"print hash_many('a', 'b') == hash_many('a', 'b'), hash_many('a', 'b') == hash_many('b', "
     "'a'), hash_many('a') == hash('a'), hash_combine(1, 2) == hash_combine(2, 1)",
     "[[true,false,true,false]]"},
    {"print hash('x', 0), hash('x', -5)",
     "[[null,null]]"},
    {"print hash()",
     "! 'hash' takes 1 to 2 arguments, found 0"},
};
ASK_TEST(hashes, hashes_cases)

ASK_MAIN(cmocka_unit_test(hashes))

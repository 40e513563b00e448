/* SPDX-License-Identifier: Apache-2.0 */
/* zlib, gzip, punycode there and back. */
#include "ask.h"

static const struct ask there_and_back_cases[] = {
    {"print zlib_decompress_from_base64_string(zlib_compress_to_base64_string('hello hello')), "
     "gzip_decompress_from_base64_string(gzip_compress_to_base64_string('\303\244'))",
     "[[\"hello hello\",\"\303\244\"]]"},
    {"print zlib_decompress_from_base64_string('xxxx'), gzip_decompress_from_base64_string('')",
     "[[\"\",\"\"]]"},
};
ASK_TEST(there_and_back, there_and_back_cases)

static const struct ask punycode_cases[] = {
    {"print punycode_from_string('m\303\274nchen'), punycode_to_string('mnchen-3ya'), "
     "punycode_from_string('\350\211\272\350\241\223'), "
     "punycode_to_string(punycode_from_string('a\303\244\303\266\303\274\350\211\272\303\237'))",
     "[[\"mnchen-3ya\",\"m\303\274nchen\",\"yf1at3j\",\"a\303\244\303\266\303\274\350\211\272"
     "\303\237\"]]"},
    {"print punycode_from_string(''), punycode_from_string('abc'), punycode_to_string('abc-'), "
     "punycode_to_string('\303\244'), punycode_to_string('a-!')",
     "[[\"\",\"abc-\",\"abc\",\"\",\"\"]]"},
    {"print punycode_domain_to_string('www.\303\221and\303\272.com'), "
     "punycode_domain_from_string('www.xn--and-6ma2c.com'), punycode_domain_to_string('a.b'), "
     "punycode_domain_from_string('xn--!')",
     "[[\"www.xn--and-jja2s.com\",\"www.\303\261and\303\272.com\",\"a.b\",\"\"]]"},
    /* Letters stay as they are, and the full stops of IDNA divide: the documented example of
     * punycode_domain_to_string(). */
    {"print punycode_domain_to_string('L\303\252 L\341\273\243i\343\200\202Thu\341\272\255n "
     "Thi\303\252n\343\200\202com'), "
     "punycode_domain_to_string('\303\274\357\274\216a\357\275\241'), "
     "punycode_domain_to_string('')",
     "[[\"xn--L Li-gpa4517b.xn--Thun Thin-s4a7194f.com\",\"xn--tda.a.\",\"\"]]"},
};
ASK_TEST(punycode, punycode_cases)

ASK_MAIN(cmocka_unit_test(there_and_back),
         cmocka_unit_test(punycode))

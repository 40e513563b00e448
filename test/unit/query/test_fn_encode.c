/* SPDX-License-Identifier: Apache-2.0 */
/* base64 of texts, bytes and identifiers; what is none. */
#include "ask.h"

static const struct ask texts_cases[] = {
    {"print base64_encode_tostring('Kusto'), base64_encode_tostring(''), "
     "base64_encode_tostring('\303\244')",
     "[[\"S3VzdG8=\",\"\",\"w6Q=\"]]"},
    {"print base64_decode_tostring('S3VzdG8='), base64_decode_tostring(''), "
     "base64_decode_tostring('w6Q=')",
     "[[\"Kusto\",\"\",\"\303\244\"]]"},
    {"print base64_decode_tostring('%%%'), isnull(base64_decode_toarray('%%%'))",
     "[[\"\",true]]"},
};
ASK_TEST(texts, texts_cases)

static const struct ask bytes_cases[] = {
    {"print base64_decode_toarray('S3VzdG8='), base64_decode_toarray('AAD/')",
     "[[[75,117,115,116,111],[0,0,255]]]"},
    {"print base64_encode_fromarray(dynamic([75,117,115,116,111])), "
     "base64_encode_fromarray(dynamic([])), base64_encode_fromarray(dynamic([256]))",
     "[[\"S3VzdG8=\",\"\",\"\"]]"},
};
ASK_TEST(bytes, bytes_cases)

static const struct ask identifiers_cases[] = {
    {"print base64_decode_toguid(base64_encode_fromguid(guid(74be27de-1e4e-49d9-b579-fe0b331d364"
     "2)))",
     "[[\"74be27de-1e4e-49d9-b579-fe0b331d3642\"]]"},
    {"print base64_decode_toguid('abc')",
     "[[null]]"},
};
ASK_TEST(identifiers, identifiers_cases)

ASK_MAIN(cmocka_unit_test(texts),
         cmocka_unit_test(bytes),
         cmocka_unit_test(identifiers))

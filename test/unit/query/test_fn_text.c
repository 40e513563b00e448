/* SPDX-License-Identifier: Apache-2.0 */
/* Further functions of texts. */
#include "ask.h"

static const struct ask finding_cases[] = {
    {"print indexof('\303\251aaa\303\251', '\303\251', 0, 4, 2), indexof('baaab', 'b', 0, 4, 2), "
     "indexof('\303\251a', '', 0, -1, 2)",
     "[[4,4,1]]"},
    {"print indexof('abcabc', 'c'), indexof('abcabc', 'c', 3), indexof('abc', 'z'), "
     "indexof('abcabc', 'c', 0, 2), indexof('abcabc', 'c', 0, -1, 2)",
     "[[2,5,-1,-1,5]]"},
    {"print has_any_index('a b c', dynamic(['z', 'b'])), has_any_index('abc', dynamic(['b'])), "
     "has_any_index('abc', dynamic([]))",
     "[[1,-1,-1]]"},
    {"print strcmp('a', 'a'), strcmp('a', 'b'), strcmp('b', 'a'), strcmp('a', 'aa')",
     "[[0,-1,1,-1]]"},
};
ASK_TEST(finding, finding_cases)

static const struct ask changing_cases[] = {
    {"print reverse('abc'), reverse('\303\244b'), reverse(''), reverse(123)",
     "[[\"cba\",\"b\303\244\",\"\",\"321\"]]"},
    {"print strrep('ab', 3), strrep('ab', 2, '-'), strrep('ab', 0)",
     "[[\"ababab\",\"ab-ab\",\"\"]]"},
    {"print translate('abc', 'xyz', 'aabbcc'), translate('', 'x', 'abc')",
     "[[\"xxyyzz\",\"abc\"]]"},
    {"print replace_strings('a b', dynamic(['a', 'b']), dynamic(['b', 'c']))",
     "[[\"b c\"]]"},
    /* What is no text is not looked for; put in, it leaves what was found as it is. */
    {"print replace_strings('cart car 7', dynamic(['cart', 'car', 7]), dynamic([1, 'bus', '9']))",
     "[[\"cart bus 7\"]]"},
    /* The first of the list goes first, also where another begins before it. */
    {"print replace_strings('This is', dynamic(['This', 'is']), dynamic(['This', 'was'])),"
     " replace_strings('This is', dynamic(['is', 'This']), dynamic(['was', 'This'])),"
     " replace_strings('aaaaa', dynamic(['aa', 'a']), dynamic(['b', 'aa']))",
     "[[\"This was\",\"Thwas was\",\"bbaa\"]]"},
};
ASK_TEST(changing, changing_cases)

static const struct ask codes_cases[] = {
    {"print tohex(256), tohex(-1), tohex(255, 4), make_string(72, 105), "
     "make_string(dynamic([228]))",
     "[[\"100\",\"ffffffffffffffff\",\"00ff\",\"Hi\",\"\303\244\"]]"},
    {"print unicode_codepoints_from_string('H\303\244'), unicode_codepoints_to_string(72, 228)",
     "[[[72,228],\"H\303\244\"]]"},
    {"print isascii('abc'), isascii('\303\244'), isutf8('\303\244'), isascii('')",
     "[[true,false,true,true]]"},
};
ASK_TEST(codes, codes_cases)

ASK_MAIN(cmocka_unit_test(finding),
         cmocka_unit_test(changing),
         cmocka_unit_test(codes))

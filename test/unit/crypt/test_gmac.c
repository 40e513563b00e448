/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/gmac.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct gmac *make(uint8_t first_byte)
{
    struct key key = {{first_byte}};
    struct gmac *gmac = NULL;
    struct error err;

    assert_int_equal(gmac_new(&key, &gmac, &err), STATUS_OK);
    return gmac;
}

static void tag_of(struct gmac *gmac, enum gmac_purpose purpose, const char *text,
                   uint8_t ret[GMAC_BYTES])
{
    gmac_begin(gmac, purpose);
    gmac_add(gmac, text, strlen(text));
    gmac_end(gmac, ret);
}

/* By python-cryptography: AESGCM(key).encrypt(nonce, b"", message). */
static void tags_are_those_of_gcm(void **state)
{
    static const char *const wanted[] = {
        "68a20b9f594f182c86ceb563f0f91a0f",
        "890a66872afb5a201c9baa0fbe81efce",
        "5c8a29111d1337e29024cd4e72c1994c",
    };
    const char *texts[] = {"", "a record", NULL};
    char long_text[1501];
    struct gmac *gmac = make(7);

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    texts[2] = long_text;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t tag[GMAC_BYTES], expected[GMAC_BYTES];
        assert_true(text_parse_hex(slice_of(wanted[i]), expected, sizeof(expected)));
        tag_of(gmac, GMAC_CONTENT, texts[i], tag);
        assert_memory_equal(tag, expected, sizeof(tag));
    }
    gmac_free(gmac);
}

static void a_message_may_come_in_pieces(void **state)
{
    static const char text[] = "a record of some length that passes the size of a block";
    struct gmac *gmac = make(1);
    uint8_t whole[GMAC_BYTES], pieces[GMAC_BYTES];

    (void)state;
    tag_of(gmac, GMAC_BODY, text, whole);
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        gmac_begin(gmac, GMAC_BODY);
        gmac_add(gmac, text, cut);
        gmac_add(gmac, text + cut, strlen(text) - cut);
        gmac_end(gmac, pieces);
        assert_memory_equal(whole, pieces, sizeof(whole));
    }
    gmac_free(gmac);
}

static void tags_differ_by_key_purpose_and_message(void **state)
{
    struct gmac *gmac = make(1), *other = make(2);
    uint8_t tag[GMAC_BYTES], next[GMAC_BYTES];

    (void)state;
    tag_of(gmac, GMAC_CONTENT, "raw", tag);
    tag_of(gmac, GMAC_CONTENT, "raw", next);
    assert_memory_equal(tag, next, sizeof(tag));
    tag_of(gmac, GMAC_BODY, "raw", next);
    assert_memory_not_equal(tag, next, sizeof(tag));
    tag_of(gmac, GMAC_CONTENT, "raX", next);
    assert_memory_not_equal(tag, next, sizeof(tag));
    tag_of(other, GMAC_CONTENT, "raw", next);
    assert_memory_not_equal(tag, next, sizeof(tag));
    gmac_free(gmac);
    gmac_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_are_those_of_gcm),
        cmocka_unit_test(a_message_may_come_in_pieces),
        cmocka_unit_test(tags_differ_by_key_purpose_and_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

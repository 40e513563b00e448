/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/leaf.h"

#include "base/random.h"
#include "crypt/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

#define SIZE_MAX_ 400
#define COUNT 200

/* docs/format/leaf.md, word for word. */
static void reference(const struct hash256 *salt, struct slice raw, struct hash256 *ret)
{
    struct hmac256 mac;

    hmac256_init(&mac, salt->bytes, sizeof(salt->bytes));
    hmac256_add(&mac, "audit-record/v1", 16);
    hmac256_add(&mac, raw.data, raw.size);
    hmac256_end(&mac, ret->bytes);
}

static char *make_text(size_t size)
{
    char *text = malloc(size + 1);

    assert_non_null(text);
    random_bytes(text, size);
    return text;
}

static void each_size_has_the_commitment_of_the_format(void **state)
{
    char *text = make_text(SIZE_MAX_);
    struct hash256 salt, got, want;

    (void)state;
    for (size_t size = 0; size <= SIZE_MAX_; size++) {
        struct slice raw = slice_from(text, size);
        random_bytes(salt.bytes, sizeof(salt.bytes));
        leaf_commitment(&salt, raw, &got);
        reference(&salt, raw, &want);
        assert_memory_equal(&got, &want, sizeof(want));
    }
    free(text);
}

/* Sizes that differ much: one lane ends long before the other. */
static void many_are_what_each_is_alone(void **state)
{
    struct hash256 salts[COUNT], got[COUNT], want[COUNT];
    struct slice raws[COUNT];
    char *text = make_text(20000);

    (void)state;
    for (unsigned count = 0; count <= COUNT; count = count < 6 ? count + 1 : count * 2) {
        random_bytes(salts, sizeof(salts));
        for (unsigned i = 0; i < count; i++) {
            uint64_t size = random_u64() % (random_u64() % 4 == 0 ? 20001 : 130);
            raws[i] = slice_from(text, size);
            reference(&salts[i], raws[i], &want[i]);
        }
        leaf_commitments(salts, raws, count, got);
        assert_memory_equal(got, want, count * sizeof(*got));
        leaf_commitments(salts, raws, count, salts); /* in place */
        assert_memory_equal(salts, want, count * sizeof(*got));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_size_has_the_commitment_of_the_format),
        cmocka_unit_test(many_are_what_each_is_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

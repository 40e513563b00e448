/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt/cipher_priv.h"

#include "test.h"

#include <pthread.h>

#define THREADS 8

static void *look(void *arg)
{
    const EVP_CIPHER **found = arg;

    found[0] = cipher_gcm();
    found[1] = cipher_ctr();
    found[2] = cipher_ecb();
    return NULL;
}

static void all_threads_find_the_same_ciphers(void **state)
{
    const EVP_CIPHER *found[THREADS][3] = {0};
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look, found[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_memory_equal(found[i], found[0], sizeof(found[0]));
    }
    assert_non_null(found[0][0]);
}

/* One that was only named has no provider: to find it is what is done once. */
static void they_are_what_they_are_called_and_looked_up(void **state)
{
    (void)state;
    assert_true(EVP_CIPHER_is_a(cipher_gcm(), "AES-256-GCM"));
    assert_true(EVP_CIPHER_is_a(cipher_ctr(), "AES-256-CTR"));
    assert_true(EVP_CIPHER_is_a(cipher_ecb(), "AES-256-ECB"));
    assert_non_null(EVP_CIPHER_get0_provider(cipher_gcm()));
    assert_non_null(EVP_CIPHER_get0_provider(cipher_ctr()));
    assert_non_null(EVP_CIPHER_get0_provider(cipher_ecb()));
    assert_null(EVP_CIPHER_get0_provider(EVP_aes_256_gcm()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_threads_find_the_same_ciphers),
        cmocka_unit_test(they_are_what_they_are_called_and_looked_up),
    };

    return RUN_TESTS(tests);
}

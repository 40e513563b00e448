/* SPDX-License-Identifier: Apache-2.0 */
/* sha_reference.h - the compression of SHA-256 by libcrypto's own. */
#ifndef TEST_CRYPT_SHA_REFERENCE_H
#define TEST_CRYPT_SHA_REFERENCE_H

#include "crypt/sha_pair_priv.h"

#include "crypt/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

/* The state of a message after so many of its blocks. */
static inline void sha_reference(const uint8_t *blocks, size_t count,
                                 uint32_t ret[SHA_STATE_WORDS])
{
    SHA256_CTX context;

    assert_int_equal(SHA256_Init(&context), 1);
    for (size_t i = 0; i < count; i++)
        SHA256_Transform(&context, blocks + i * SHA_BLOCK_BYTES);
    memcpy(ret, context.h, sizeof(context.h));
}

#endif

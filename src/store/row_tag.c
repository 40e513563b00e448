/* SPDX-License-Identifier: Apache-2.0 */
#include "store/row_tag_priv.h"

#include "base/random.h"
#include "crypt/vhash.h"

#include <pthread.h>

static struct vhash_key process_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void draw_key(void)
{
    uint8_t bytes[VHASH_KEY_BYTES];

    random_bytes(bytes, sizeof(bytes));
    vhash_key_init(&process_key, bytes);
    explicit_bzero(bytes, sizeof(bytes));
}

uint64_t row_tag(uint64_t seq, struct slice raw)
{
    (void)pthread_once(&key_once, draw_key);
    return vhash(&process_key, seq, raw.data, raw.size);
}

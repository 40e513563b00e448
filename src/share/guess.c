/* SPDX-License-Identifier: Apache-2.0 */
#include "share/guess.h"

#include "base/hash.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_PER_SECOND 1.0
#define ALL_PER_SECOND 10.0

void guess_init(struct guess *guess)
{
    memset(guess, 0, sizeof(*guess));
    guess->all.left = GUESS_ALL_BURST;
    (void)pthread_mutex_init(&guess->lock, NULL);
}

void guess_release(struct guess *guess)
{
    (void)pthread_mutex_destroy(&guess->lock);
}

/* Of an IPv4 address (also one mapped into IPv6), an IPv6 /64, or other text; not 0. */
static uint64_t key_of(struct slice address)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    uint64_t key = hash_slice(address);

    (void)snprintf(text, sizeof(text), "%.*s", SLICE_FMT(address));
    if (inet_pton(AF_INET, text, bytes) == 1)
        key = hash_slice(slice_from((const char *)bytes, 4));
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        key = memcmp(bytes, mapped, sizeof(mapped)) == 0
                  ? hash_slice(slice_from((const char *)bytes + 12, 4))
                  : hash_slice(slice_from((const char *)bytes, 8));
    return key == 0 ? 1 : key;
}

static bool take(struct guess_bucket *bucket, uint64_t now_us, double per_second, double burst)
{
    uint64_t passed_us = now_us > bucket->seen_us ? now_us - bucket->seen_us : 0;

    bucket->left += (double)passed_us / 1e6 * per_second;
    if (bucket->left > burst)
        bucket->left = burst;
    bucket->seen_us = now_us;
    if (bucket->left < 1)
        return false;
    bucket->left -= 1;
    return true;
}

static struct guess_bucket *find(struct guess *guess, uint64_t key, uint64_t now_us)
{
    struct guess_bucket *set = guess->sets[key % GUESS_SETS], *oldest = &set[0];

    for (uint32_t i = 0; i < GUESS_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].seen_us < oldest->seen_us)
            oldest = &set[i];
    }
    *oldest = (struct guess_bucket){key, now_us, GUESS_ADDRESS_BURST};
    return oldest;
}

bool guess_allowed(struct guess *guess, struct slice address, uint64_t now_us)
{
    uint64_t key = key_of(address);

    (void)pthread_mutex_lock(&guess->lock);
    struct guess_bucket *own = find(guess, key, now_us);
    /* Who is over the own limit does not use up that of all. */
    bool allowed = take(own, now_us, ADDRESS_PER_SECOND, GUESS_ADDRESS_BURST) &&
                   take(&guess->all, now_us, ALL_PER_SECOND, GUESS_ALL_BURST);
    (void)pthread_mutex_unlock(&guess->lock);
    return allowed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* print_priv.h - fingerprints of records, and the set of the recent ones.
 *
 * A fingerprint is 16 bytes of keyed hashes: who can choose records can choose
 * neither collisions nor hash chains.  A set has one owner at a time.
 */
#ifndef INGEST_PRINT_PRIV_H
#define INGEST_PRINT_PRIV_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "crypt/gmac.h"
#include "crypt/hash.h"
#include "crypt/vhash.h"

#define PRINT_CONTENT_BYTES 8 /* as RUN_PRINT_BYTES */

struct print {
    uint64_t id;      /* of table and Id; 0 = no fingerprint */
    uint8_t content[PRINT_CONTENT_BYTES];
    uint32_t minute;  /* of receipt, since 1970; 0 = forgotten */
};

/* Of a tenant, for one thread. */
struct print_keys {
    const struct hmac256 *idem; /* keyed, nothing added */
    struct vhash_key hash;
};

void print_make(const struct print_keys *keys, struct slice table, struct slice id,
                struct slice raw, struct print *ret);
/* Of a body, for its idempotency key. */
uint64_t print_of_body(const struct print_keys *keys, struct slice table, struct slice body);
/* Gives the print the content that a run written at version 2 or 3 of the state file has
 * for it; and before version 2. */
void print_set_content_2(struct gmac *gmac, struct slice raw, struct print *ret);
void print_set_content_1(const struct hmac256 *idem, struct slice raw, struct print *ret);
bool print_has_content_of(const struct print *a, const struct print *b);
/* In place of the id where DEDUPE_VERSIONS_MAX prints have it already, so that who repeats one
 * of many versions is found at once.  As uniform as the id. */
uint64_t print_late_key(const struct print *print);

enum print_verdict { PRINT_NEW, PRINT_CONFLICTING, PRINT_DUPLICATE }; /* the higher one wins */

struct print_set {
    struct print *slots; /* owned; open addressing, a power of two */
    size_t capacity, count;
};

void print_set_release(struct print_set *set); /* empty and usable after; zero is empty too */
/* Against what was received at or after `oldest`. */
enum print_verdict print_set_look(const struct print_set *set, const struct print *print,
                                  uint32_t oldest);
/* From the one behind DEDUPE_VERSIONS_MAX of one id on they get the late key for it, and one of
 * those gets the minute of the latest. */
enum status print_set_add(struct print_set *set, const struct print *print,
                          struct error *err) MUST_USE;
/* Makes room, so that the next `count` additions cannot fail. */
enum status print_set_reserve(struct print_set *set, size_t count, struct error *err) MUST_USE;
/* False if it is not there. */
bool print_set_forget(struct print_set *set, const struct print *print);
/* The remembered ones, in order of id; owned by the caller. */
enum status print_set_sorted(const struct print_set *set, struct print **ret, size_t *ret_count,
                             struct error *err) MUST_USE;

#endif

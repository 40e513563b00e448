/* SPDX-License-Identifier: Apache-2.0 */
/* save_priv.h - between memory.c (reading) and save.c (writing). */
#ifndef INGEST_SAVE_PRIV_H
#define INGEST_SAVE_PRIV_H

#include "ingest/memory_priv.h"

#define STATE_PATH RUN_DIR "/state"
#define KEY_MAC_REST_BYTES 24

struct state_content {
    uint64_t floor, next_run;
    const uint64_t *runs;
    size_t run_count;
};
enum status state_write(const struct memory *memory, const struct state_content *content,
                        struct error *err) MUST_USE;

enum status memory_open_run(struct memory *memory, uint64_t number, struct run **ret,
                            struct error *err) MUST_USE;

/* The value of an entry of RUN_KIND_KEY; borrowed. */
struct key_value {
    const char *mac_rest; /* KEY_MAC_REST_BYTES */
    struct hash256 body_hash;
    struct slice answer;
};
bool key_value_decode(struct slice value, struct key_value *ret);

#endif

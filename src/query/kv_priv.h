/* SPDX-License-Identifier: Apache-2.0 */
/* kv_priv.h - finding the value of a key in a text of pairs (parse-kv). */
#ifndef QUERY_KV_PRIV_H
#define QUERY_KV_PRIV_H

#include "query/function.h"

struct regex;

struct kv_spec {
    struct slice pair;      /* between pairs; empty: any byte that is no part of a word */
    struct slice separator; /* between key and value */
    const struct slice *quotes;  /* each one byte that opens and closes, or the two */
    const struct slice *escapes; /* each stands before a quote inside quotes */
    uint32_t quote_count, escape_count;
    bool greedy;            /* a value goes on to the next known key */
    const struct slice *keys;
    uint32_t key_count;
    const struct regex *regex; /* instead of all that: key and value are its groups */
};

/* The first value of the key, "" if there is none. */
enum status kv_find(const struct kv_spec *kv, struct slice text, struct slice key,
                    struct eval *eval, struct slice *ret, struct error *err) MUST_USE;

/* (text, key) to text; its call_state is a kv_spec. */
extern const struct function function_kv;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* json_simdjson.h - what simdjson (DOM, https://simdjson.org) reads in a text, as the events of a
 * walk through the document, for a target that compares. */
#ifndef FUZZ_JSON_SIMDJSON_H
#define FUZZ_JSON_SIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called in the order of the text.  `to` is the caller's.  Strings are unescaped and belong to
 * simdjson until json_simdjson_walk() returns. */
struct json_events {
    void *to;
    void (*open)(void *to, char bracket); /* '{' '[' '}' ']' */
    void (*text)(void *to, const char *bytes, size_t size); /* keys, too */
    void (*whole)(void *to, int64_t value);
    void (*beyond)(void *to, uint64_t value); /* above INT64_MAX */
    void (*real)(void *to, double value);
    void (*word)(void *to, char first); /* 't' 'f' 'n' */
};

/* False where simdjson refuses the text; then no event was given. */
bool json_simdjson_walk(const char *text, size_t size, size_t depth_max,
                        const struct json_events *events);

#ifdef __cplusplus
}
#endif

#endif

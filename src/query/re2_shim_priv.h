/* SPDX-License-Identifier: Apache-2.0 */
/* re2_shim_priv.h - the C++ side of regex.h, in types that both languages know. */
#ifndef QUERY_RE2_SHIM_PRIV_H
#define QUERY_RE2_SHIM_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct re2_options {
    int64_t memory_bytes;
    bool nocase, dot_newline, literal;
};

struct re2_span {
    const char *data; /* NULL: the group did not take part */
    size_t size;
};

#define RE2_SPANS_MAX 65u

/* NULL with the reason in error_text ("" without memory). */
struct regex *re2_shim_new(const char *pattern, size_t size, const struct re2_options *options,
                           char *error_text, size_t error_bytes);
void re2_shim_free(struct regex *regex);
void re2_shim_pattern(const struct regex *regex, struct re2_span *ret);
uint32_t re2_shim_group_count(const struct regex *regex);
uint32_t re2_shim_size(const struct regex *regex); /* instructions */
int64_t re2_shim_group_named(const struct regex *regex, const struct re2_span *name);
bool re2_shim_find(const struct regex *regex, const struct re2_span *text, size_t from,
                   struct re2_span *ret_spans, uint32_t span_count);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.h - YAML documents as trees, with libyaml's events.
 *
 * Bounded: depth 64, aliases and tags refused (no billion laughs), a repeated
 * key is an error.  Nodes live in the arena and know their line.
 */
#ifndef CODEC_YAML_H
#define CODEC_YAML_H

#include "base/arena.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    uint32_t line;           /* from 1 */
    struct slice text;       /* scalar */
    bool quoted;             /* scalar: 'x', "x" or a block: never null or a number */
    uint32_t count;          /* items, or pairs */
    struct yaml_node **keys; /* mapping: count scalars */
    struct yaml_node **items; /* values of a mapping, items of a sequence */
};

/* Appends the documents of the stream to *ret (an arena array).
 * STATUS_INVALID with line and column. */
enum status yaml_parse(struct slice text, struct arena *arena, struct yaml_node ***ret,
                       uint32_t *ret_count, struct error *err) MUST_USE;
/* The value of a key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* The scalar text of a key, or `fallback`. */
struct slice yaml_text(const struct yaml_node *mapping, const char *key, const char *fallback);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* shape_priv.h - the shapes and paths of a part while it is made.
 *
 * Shapes are recognised by a trie.  An edge is the literal bytes before a leaf
 * and the kind of that leaf (or the end of the record); walking a record
 * compares those bytes, so that arriving at an end *is* the proof of equality.
 * Each node remembers the edge it was last left by, which is right for most
 * records; the other edges stand in one hash table.  Every group (the records,
 * the elements below one array path) has a root node of its own.
 */
#ifndef STORE_SHAPE_PRIV_H
#define STORE_SHAPE_PRIV_H

#include "base/map.h"
#include "store/part_priv.h"

#define SHAPE_NONE UINT32_MAX
#define SHAPE_REFUSED (UINT32_MAX - 1) /* known not to fit the bounds */
#define NODE_NONE UINT32_MAX

/* What an edge leads to: a leaf (enum slot_kind) or the end. */
#define EDGE_END 3u

struct shape_node {
    const char *literal;
    uint32_t literal_size;
    uint32_t parent;
    uint32_t last_child; /* NODE_NONE while there is no child */
    uint32_t shape;      /* EDGE_END: the shape, SHAPE_NONE, SHAPE_REFUSED */
    uint32_t kind;
};

struct shape_table {
    struct arena *arena; /* of the part: literals, slots and texts go there at once */
    struct shape *shapes;
    uint32_t shape_count, shape_capacity;
    uint32_t raw_shape; /* SHAPE_NONE until the first raw record */
    struct path_column *paths;
    uint32_t *group_nodes; /* per path: root node of its elements, NODE_NONE */
    uint32_t path_count, path_capacity;
    struct map path_index;  /* class byte and text -> path */
    struct map shape_index; /* for shape_table_adopt() */
    struct shape_node *nodes;
    uint32_t node_count, node_capacity;
    uint32_t *node_slots; /* node + 1 */
    uint32_t node_slot_mask;
    struct buf key;
};

enum status shape_table_init(struct shape_table *table, struct arena *arena,
                             struct error *err) MUST_USE;
void shape_table_release(struct shape_table *table);

/* The path, made if need be; STATUS_LIMIT above PART_PATHS_MAX. */
enum status shape_table_path(struct shape_table *table, enum path_class path_class,
                             struct slice text, uint32_t *ret, struct error *err) MUST_USE;
/* Root node of the group below an array path (0: the records). */
enum status shape_table_group(struct shape_table *table, uint32_t path, uint32_t *ret,
                              struct error *err) MUST_USE;
/* The edge of a node with that literal and kind, made if need be; NODE_NONE
 * when there are too many (the record is kept raw). */
enum status shape_table_edge(struct shape_table *table, uint32_t node, struct slice literal,
                             uint32_t kind, uint32_t *ret, struct error *err) MUST_USE;

/* A value of the tape, and the text around it that belongs to it. */
struct shape_value {
    struct slice text;
    const struct json_token *tokens;
    uint32_t token;
    uint32_t begin, end; /* of the literals in the text */
    uint32_t group_path;
};
/* Makes the shape of a value; *ret is SHAPE_REFUSED when it passes a bound. */
enum status shape_table_make(struct shape_table *table, const struct shape_value *value,
                             uint32_t *ret, struct error *err) MUST_USE;
enum status shape_table_raw(struct shape_table *table, uint32_t *ret, struct error *err) MUST_USE;
/* The same shape here as a shape of another part, whose paths mean
 * path_map[path] here.  STATUS_LIMIT above PART_SHAPES_MAX. */
enum status shape_table_adopt(struct shape_table *table, const struct shape *shape,
                              const uint32_t *path_map, uint32_t *ret,
                              struct error *err) MUST_USE;

static inline bool json_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* An empty array without blanks inside is an ARRAY leaf, with blanks a SCALAR. */
static inline bool json_is_blank_array(const struct json_token *token)
{
    return token->kind == JSON_ARRAY && token[0].end - token[0].start > 2;
}

/* Kind of the slot for a leaf.  `is_empty`: an array without elements. */
static inline uint32_t shape_slot_kind(const struct json_token *token, bool is_empty)
{
    if (token->kind == JSON_STRING)
        return SLOT_STRING;
    if (token->kind == JSON_ARRAY && !(is_empty && json_is_blank_array(token)))
        return SLOT_ARRAY;
    return SLOT_SCALAR;
}

static inline enum status shape_table_step(struct shape_table *table, uint32_t node,
                                           struct slice literal, uint32_t kind, uint32_t *ret,
                                           struct error *err)
{
    uint32_t child = table->nodes[node].last_child;

    if (child != NODE_NONE) {
        const struct shape_node *c = &table->nodes[child];
        if (c->kind == kind && c->literal_size == literal.size &&
            bytes_equal(c->literal, literal.data, literal.size)) {
            *ret = child;
            return STATUS_OK;
        }
    }
    return shape_table_edge(table, node, literal, kind, ret, err);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants:
 * 1. path 0 is the root object and its group node is node 0.
 * 2. A shape is added only when all its paths fit: what is refused leaves
 *    neither paths nor shapes behind.
 * 3. One shape number is kept free for the raw shape.
 */
#include "store/shape_priv.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "store/path_priv.h"

#include <stdlib.h>

/* Edges of all shapes; a record that would need more is kept raw. */
#define NODES_MAX (64u * PART_SHAPES_MAX)
#define NODE_SLOTS (2u * NODES_MAX)
#define NODE_SLOTS_FIRST 1024u
#define KEY_MARKS 4096u /* a power of two */

_Static_assert((NODE_SLOTS & (NODE_SLOTS - 1)) == 0, "power of two");
_Static_assert((int)EDGE_END != SLOT_STRING && (int)EDGE_END != SLOT_SCALAR &&
                   (int)EDGE_END != SLOT_ARRAY,
               "an end is no leaf");

/* ---- nodes ---- */

static enum status add_node(struct shape_table *table, struct shape_node node, uint32_t *ret,
                            struct error *err)
{
    if (table->node_count == table->node_capacity) {
        uint32_t capacity = table->node_capacity == 0 ? 256 : table->node_capacity * 2;
        struct shape_node *nodes = realloc(table->nodes, capacity * sizeof(*nodes));
        if (nodes == NULL)
            return ERROR_MEMORY(err);
        table->nodes = nodes;
        table->node_capacity = capacity;
    }
    *ret = table->node_count;
    table->nodes[table->node_count++] = node;
    return STATUS_OK;
}

static uint64_t edge_hash(uint32_t parent, struct slice literal, uint32_t kind)
{
    return hash_xxh3(literal.data, literal.size,
                     hash_seed() ^ hash_u64(((uint64_t)parent << 2) | kind));
}

static enum status grow_node_slots(struct shape_table *table, struct error *err)
{
    uint32_t count = table->node_slots == NULL ? NODE_SLOTS_FIRST : (table->node_slot_mask + 1) * 2;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (slots == NULL)
        return ERROR_MEMORY(err);
    for (uint32_t i = 0; i < table->node_count; i++) {
        const struct shape_node *node = &table->nodes[i];
        if (node->parent == NODE_NONE)
            continue;
        struct slice literal = slice_from(node->literal, node->literal_size);
        uint64_t at = edge_hash(node->parent, literal, node->kind) & (count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    free(table->node_slots);
    table->node_slots = slots;
    table->node_slot_mask = count - 1;
    return STATUS_OK;
}

enum status shape_table_edge(struct shape_table *table, uint32_t node, struct slice literal,
                             uint32_t kind, uint32_t *ret, struct error *err)
{
    if (table->node_slots == NULL || table->node_count * 2 > table->node_slot_mask) {
        enum status status = grow_node_slots(table, err);
        if (status != STATUS_OK)
            return status;
    }
    uint64_t at = edge_hash(node, literal, kind) & table->node_slot_mask;
    for (; table->node_slots[at] != 0; at = (at + 1) & table->node_slot_mask) {
        uint32_t child = table->node_slots[at] - 1;
        const struct shape_node *c = &table->nodes[child];
        if (c->parent == node && c->kind == kind &&
            slice_equal(slice_from(c->literal, c->literal_size), literal)) {
            table->nodes[node].last_child = child;
            *ret = child;
            return STATUS_OK;
        }
    }
    *ret = NODE_NONE;
    if (table->node_count >= NODES_MAX)
        return STATUS_OK;
    struct slice copy = arena_copy(table->arena, literal, err);
    if (copy.data == NULL)
        return err->status;
    struct shape_node child = {.literal = copy.data,
                               .literal_size = (uint32_t)copy.size,
                               .parent = node,
                               .last_child = NODE_NONE,
                               .shape = SHAPE_NONE,
                               .kind = kind};
    enum status status = add_node(table, child, ret, err);
    if (status != STATUS_OK)
        return status;
    table->node_slots[at] = *ret + 1;
    table->nodes[node].last_child = *ret;
    return STATUS_OK;
}

enum status shape_table_group(struct shape_table *table, uint32_t path, uint32_t *ret,
                              struct error *err)
{
    if (table->group_nodes[path] == NODE_NONE) {
        struct shape_node root = {.parent = NODE_NONE,
                                  .last_child = NODE_NONE,
                                  .shape = SHAPE_NONE,
                                  .kind = EDGE_END};
        enum status status = add_node(table, root, &table->group_nodes[path], err);
        if (status != STATUS_OK)
            return status;
    }
    *ret = table->group_nodes[path];
    return STATUS_OK;
}

/* ---- paths ---- */

static enum status path_key(struct shape_table *table, enum path_class path_class,
                            struct slice text, struct slice *ret, struct error *err)
{
    buf_clear(&table->key);
    buf_put_u8(&table->key, (uint8_t)path_class);
    buf_add_slice(&table->key, text);
    *ret = buf_slice(&table->key);
    return buf_check(&table->key, err);
}

static enum status grow_paths(struct shape_table *table, struct error *err)
{
    uint32_t capacity = table->path_capacity == 0 ? 64 : table->path_capacity * 2;
    struct path_column *paths = realloc(table->paths, capacity * sizeof(*paths));
    if (paths == NULL)
        return ERROR_MEMORY(err);
    table->paths = paths;
    uint32_t *nodes = realloc(table->group_nodes, capacity * sizeof(*nodes));
    if (nodes == NULL)
        return ERROR_MEMORY(err);
    table->group_nodes = nodes;
    table->path_capacity = capacity;
    return STATUS_OK;
}

enum status shape_table_path(struct shape_table *table, enum path_class path_class,
                             struct slice text, uint32_t *ret, struct error *err)
{
    struct slice key;
    enum status status = path_key(table, path_class, text, &key, err);
    if (status != STATUS_OK)
        return status;
    struct map_entry *entry = map_find(&table->path_index, key);
    if (entry != NULL) {
        *ret = (uint32_t)entry->value;
        return STATUS_OK;
    }
    if (table->path_count >= PART_PATHS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "a part has at most %u paths", PART_PATHS_MAX);
    if (table->path_count == table->path_capacity) {
        status = grow_paths(table, err);
        if (status != STATUS_OK)
            return status;
    }
    struct slice copy = arena_copy(table->arena, text, err);
    if (copy.data == NULL)
        return err->status;
    entry = map_put(&table->path_index, key, NULL, err);
    if (entry == NULL)
        return err->status;
    entry->value = table->path_count;
    *ret = table->path_count++;
    struct path_column *path = &table->paths[*ret];
    *path = (struct path_column){.path = copy,
                                 .is_array = path_class == PATH_ARRAY,
                                 .is_object = path_class == PATH_OBJECT,
                                 .loaded = true};
    table->group_nodes[*ret] = NODE_NONE;
    return STATUS_OK;
}

/* ---- making a shape from a value ---- */

struct maker {
    struct shape_table *table;
    const struct shape_value *value;
    struct shape *shape;
    bool is_dry;           /* only count */
    bool is_refused;
    uint32_t new_paths;
    uint32_t literal_from; /* in the text: literals before it are done */
    struct buf path;
    char *literals;        /* room for all of them; shape->literals.size are there */
};

static void add_key(struct buf *path, struct slice key, bool escaped)
{
    struct buf plain;
    buf_init(&plain, RECORD_BYTES_MAX);
    if (escaped) {
        json_unescape(key, &plain);
        key = buf_slice(&plain);
    }
    path_add_key(path, key);
    buf_release(&plain);
}

static enum status find_path(struct maker *m, enum path_class path_class, uint32_t *ret,
                             struct error *err)
{
    m->is_refused |= m->path.size > PART_PATH_BYTES_MAX;
    if (!m->is_dry)
        return shape_table_path(m->table, path_class, buf_slice(&m->path), ret, err);
    struct slice key;
    enum status status = path_key(m->table, path_class, buf_slice(&m->path), &key, err);
    if (status == STATUS_OK && map_find(&m->table->path_index, key) == NULL)
        m->new_paths++;
    *ret = 0;
    return status;
}

static void add_literal(struct maker *m, uint32_t end)
{
    uint32_t size = end - m->literal_from;

    if (!m->is_dry && size > 0)
        memcpy(m->literals + m->shape->literals.size, m->value->text.data + m->literal_from, size);
    m->shape->literals.size += size;
    m->literal_from = end;
}

static enum status add_leaf(struct maker *m, uint32_t token, bool shadowed, struct error *err)
{
    const struct json_token *t = &m->value->tokens[token];
    uint32_t kind = shape_slot_kind(t, t->next == token + 1);
    uint32_t path;
    enum status status = find_path(m, kind == SLOT_ARRAY ? PATH_ARRAY : PATH_VALUE, &path, err);
    if (status != STATUS_OK)
        return status;
    add_literal(m, t->start);
    m->literal_from = t->end;
    if (!m->is_dry)
        m->shape->slots[m->shape->slot_count] =
            (struct slot){.kind = (uint8_t)kind,
                          .path = path,
                          .literal_end = (uint32_t)m->shape->literals.size,
                          .shadowed = shadowed};
    m->shape->slot_count++;
    m->is_refused |= m->shape->slot_count > SHAPE_SLOTS_MAX;
    return STATUS_OK;
}

static enum status add_value(struct maker *m, uint32_t token, bool shadowed, unsigned depth,
                             struct error *err);

/* Do two keys of an object have one name, as far as a few bits of their hashes tell? */
static bool may_repeat(const struct maker *m, uint32_t object)
{
    const struct json_token *tokens = m->value->tokens;
    uint64_t marks[KEY_MARKS / 64] = {0};

    for (uint32_t key = object + 1; key < tokens[object].next; key = tokens[key + 1].next) {
        if (tokens[key].escaped != 0)
            return true;
        uint64_t mark = hash_short(json_text(m->value->text, &tokens[key]), 0) % KEY_MARKS;
        if ((marks[mark / 64] >> mark % 64 & 1) != 0)
            return true;
        marks[mark / 64] |= UINT64_C(1) << mark % 64;
    }
    return false;
}

/* Which key token is the last of its name? */
static enum status index_keys(struct maker *m, uint32_t object, struct map *keys,
                              struct error *err)
{
    const struct json_token *tokens = m->value->tokens;
    struct buf plain;
    buf_init(&plain, RECORD_BYTES_MAX);
    enum status status = STATUS_OK;

    for (uint32_t key = object + 1; key < tokens[object].next && status == STATUS_OK;
         key = tokens[key + 1].next) {
        buf_clear(&plain);
        json_unescape(json_text(m->value->text, &tokens[key]), &plain);
        status = buf_check(&plain, err);
        if (status != STATUS_OK)
            break;
        struct map_entry *entry = map_put(keys, buf_slice(&plain), NULL, err);
        if (entry == NULL)
            status = err->status;
        else
            entry->value = key;
    }
    buf_release(&plain);
    return status;
}

/* Is a later key of the object of the same name?  `keys`: those of index_keys(). */
static enum status is_repeated(const struct maker *m, uint32_t key, const struct map *keys,
                               struct buf *plain, bool *ret, struct error *err)
{
    buf_clear(plain);
    json_unescape(json_text(m->value->text, &m->value->tokens[key]), plain);
    enum status status = buf_check(plain, err);
    if (status != STATUS_OK)
        return status;
    const struct map_entry *last = map_find(keys, buf_slice(plain));
    CHECK(last != NULL);
    *ret = last->value != key;
    return STATUS_OK;
}

static enum status add_members(struct maker *m, uint32_t object, bool shadowed, unsigned depth,
                               struct error *err)
{
    const struct json_token *tokens = m->value->tokens;
    size_t path_size = m->path.size;
    bool may_be_again = may_repeat(m, object);
    struct map keys;
    struct buf plain;
    map_init(&keys);
    buf_init(&plain, RECORD_BYTES_MAX);
    enum status status = may_be_again ? index_keys(m, object, &keys, err) : STATUS_OK;

    for (uint32_t key = object + 1;
         key < tokens[object].next && status == STATUS_OK && !m->is_refused;
         key = tokens[key + 1].next) {
        bool is_again = false;
        if (may_be_again)
            status = is_repeated(m, key, &keys, &plain, &is_again, err);
        if (status != STATUS_OK)
            break;
        add_key(&m->path, json_text(m->value->text, &tokens[key]), tokens[key].escaped != 0);
        status = add_value(m, key + 1, shadowed || is_again, depth + 1, err);
        m->path.size = path_size;
    }
    buf_release(&plain);
    map_release(&keys);
    return status;
}

static enum status add_object(struct maker *m, uint32_t token, bool shadowed, unsigned depth,
                              struct error *err)
{
    const struct json_token *t = &m->value->tokens[token];
    struct shape *shape = m->shape;
    struct shape_object object = {.slot_begin = shape->slot_count};
    uint32_t index = shape->object_count;
    bool is_listed = !shadowed && token != m->value->token;
    enum status status = STATUS_OK;

    object.literal_begin = (uint32_t)shape->literals.size + (t->start - m->literal_from);
    if (is_listed) {
        status = find_path(m, PATH_OBJECT, &object.path, err);
        shape->object_count++;
        m->is_refused |= shape->object_count > SHAPE_SLOTS_MAX;
    }
    if (status == STATUS_OK)
        status = add_members(m, token, shadowed, depth, err);
    if (status == STATUS_OK && is_listed && !m->is_dry && !m->is_refused) {
        object.literal_end = (uint32_t)shape->literals.size + (t->end - m->literal_from);
        object.slot_end = shape->slot_count;
        shape->objects[index] = object;
    }
    return status;
}

static enum status add_value(struct maker *m, uint32_t token, bool shadowed, unsigned depth,
                             struct error *err)
{
    if (depth > JSON_DEPTH_MAX) {
        m->is_refused = true;
        return STATUS_OK;
    }
    if (m->value->tokens[token].kind == JSON_OBJECT)
        return add_object(m, token, shadowed, depth, err);
    return add_leaf(m, token, shadowed, err);
}

static enum status run(struct maker *m, bool is_dry, struct error *err)
{
    const struct shape_value *value = m->value;
    const struct path_column *group = &m->table->paths[value->group_path];

    m->is_dry = is_dry;
    m->literal_from = value->begin;
    m->shape->literals.size = 0;
    m->shape->slot_count = 0;
    m->shape->object_count = 0;
    buf_clear(&m->path);
    buf_add_slice(&m->path, group->path);
    if (group->is_array)
        buf_add_text(&m->path, "[]");
    enum status status = add_value(m, value->token, false, 0, err);
    if (status == STATUS_OK && !m->is_refused)
        add_literal(m, value->end);
    return status == STATUS_OK ? buf_check(&m->path, err) : status;
}

static enum status grow_shapes(struct shape_table *table, struct error *err)
{
    if (table->shape_count < table->shape_capacity)
        return STATUS_OK;
    uint32_t capacity = table->shape_capacity == 0 ? 32 : table->shape_capacity * 2;
    struct shape *shapes = realloc(table->shapes, capacity * sizeof(*shapes));
    if (shapes == NULL)
        return ERROR_MEMORY(err);
    table->shapes = shapes;
    table->shape_capacity = capacity;
    return STATUS_OK;
}

static enum status make_room(struct maker *m, struct error *err)
{
    struct arena *arena = m->table->arena;
    struct shape *shape = m->shape;

    shape->slots = ARENA_ARRAY(arena, struct slot, shape->slot_count, err);
    if (shape->slots == NULL)
        return err->status;
    shape->objects = ARENA_ARRAY(arena, struct shape_object, shape->object_count, err);
    if (shape->objects == NULL)
        return err->status;
    m->literals = arena_alloc_raw(arena, shape->literals.size + 1, err);
    return m->literals == NULL ? err->status : STATUS_OK;
}

enum status shape_table_make(struct shape_table *table, const struct shape_value *value,
                             uint32_t *ret, struct error *err)
{
    struct shape shape = {.parent_path = value->group_path};
    struct maker m = {.table = table, .value = value, .shape = &shape};

    *ret = SHAPE_REFUSED;
    if (table->shape_count + (table->raw_shape == SHAPE_NONE) >= PART_SHAPES_MAX)
        return STATUS_OK;
    buf_init(&m.path, 8 * RECORD_BYTES_MAX);
    enum status status = run(&m, true, err);
    /* One path stays free for "\raw". */
    if (status != STATUS_OK || m.is_refused || table->path_count + m.new_paths >= PART_PATHS_MAX)
        goto out;
    status = make_room(&m, err);
    if (status == STATUS_OK)
        status = run(&m, false, err);
    if (status == STATUS_OK)
        status = grow_shapes(table, err);
    if (status != STATUS_OK)
        goto out;
    shape.literals.data = m.literals;
    shape.hash = hash_xxh3(m.literals, shape.literals.size, 0);
    *ret = table->shape_count;
    table->shapes[table->shape_count++] = shape;
out:
    buf_release(&m.path);
    return status;
}

enum status shape_table_raw(struct shape_table *table, uint32_t *ret, struct error *err)
{
    if (table->raw_shape == SHAPE_NONE) {
        uint32_t path;
        enum status status = shape_table_path(table, PATH_VALUE, SLICE("\\raw"), &path, err);
        if (status == STATUS_OK)
            status = grow_shapes(table, err);
        if (status != STATUS_OK)
            return status;
        struct slot *slot = ARENA_NEW(table->arena, struct slot, err);
        if (slot == NULL)
            return err->status;
        *slot = (struct slot){.kind = SLOT_SCALAR, .path = path};
        table->raw_shape = table->shape_count++;
        table->shapes[table->raw_shape] =
            (struct shape){.slots = slot, .slot_count = 1, .is_raw = true};
    }
    *ret = table->raw_shape;
    return STATUS_OK;
}

/* ---- taking over a shape ---- */

static enum status shape_key(struct buf *key, const struct shape *shape, const uint32_t *path_map,
                             struct error *err)
{
    buf_clear(key);
    buf_put_u32(key, path_map[shape->parent_path]);
    buf_put_u32(key, shape->slot_count);
    for (uint32_t i = 0; i < shape->slot_count; i++) {
        buf_put_u8(key, shape->slots[i].kind);
        buf_put_u32(key, path_map[shape->slots[i].path]);
        buf_put_u32(key, shape->slots[i].literal_end);
    }
    buf_add_slice(key, shape->literals);
    return buf_check(key, err);
}

static enum status copy_shape(struct shape_table *table, const struct shape *from,
                              const uint32_t *path_map, struct shape *ret, struct error *err)
{
    *ret = (struct shape){.hash = from->hash,
                          .slot_count = from->slot_count,
                          .object_count = from->object_count,
                          .parent_path = path_map[from->parent_path],
                          .is_raw = from->is_raw};
    ret->literals = arena_copy(table->arena, from->literals, err);
    if (ret->literals.data == NULL)
        return err->status;
    ret->slots = ARENA_ARRAY(table->arena, struct slot, from->slot_count, err);
    if (ret->slots == NULL)
        return err->status;
    ret->objects = ARENA_ARRAY(table->arena, struct shape_object, from->object_count, err);
    if (ret->objects == NULL)
        return err->status;
    for (uint32_t i = 0; i < from->slot_count; i++) {
        ret->slots[i] = from->slots[i];
        ret->slots[i].path = path_map[from->slots[i].path];
    }
    for (uint32_t i = 0; i < from->object_count; i++) {
        ret->objects[i] = from->objects[i];
        ret->objects[i].path = path_map[from->objects[i].path];
    }
    return STATUS_OK;
}

enum status shape_table_adopt(struct shape_table *table, const struct shape *shape,
                              const uint32_t *path_map, uint32_t *ret, struct error *err)
{
    enum status status = shape_key(&table->key, shape, path_map, err);
    if (status != STATUS_OK)
        return status;
    bool is_new;
    struct map_entry *entry = map_put(&table->shape_index, buf_slice(&table->key), &is_new, err);
    if (entry == NULL)
        return err->status;
    if (is_new) {
        if (table->shape_count >= PART_SHAPES_MAX)
            return ERROR_SET(err, STATUS_LIMIT, "a part has at most %u shapes", PART_SHAPES_MAX);
        status = grow_shapes(table, err);
        if (status == STATUS_OK)
            status = copy_shape(table, shape, path_map, &table->shapes[table->shape_count], err);
        if (status != STATUS_OK)
            return status;
        entry->value = table->shape_count++;
    }
    *ret = (uint32_t)entry->value;
    return STATUS_OK;
}

/* ---- life ---- */

enum status shape_table_init(struct shape_table *table, struct arena *arena, struct error *err)
{
    uint32_t root;

    *table = (struct shape_table){.arena = arena, .raw_shape = SHAPE_NONE};
    map_init(&table->path_index);
    map_init(&table->shape_index);
    buf_init(&table->key, 8 * RECORD_BYTES_MAX);
    enum status status = shape_table_path(table, PATH_OBJECT, SLICE(""), &root, err);
    if (status == STATUS_OK)
        status = shape_table_group(table, root, &root, err);
    return status;
}

void shape_table_release(struct shape_table *table)
{
    map_release(&table->path_index);
    map_release(&table->shape_index);
    buf_release(&table->key);
    free(table->shapes);
    free(table->paths);
    free(table->group_nodes);
    free(table->nodes);
    free(table->node_slots);
    *table = (struct shape_table){0};
}

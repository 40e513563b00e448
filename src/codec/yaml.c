/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include <yaml.h>

#define YAML_DEPTH_MAX 64u
#define YAML_NODES_MAX 200000u

struct builder {
    yaml_parser_t parser;
    struct arena *arena;
    uint32_t node_count;
    struct error *err;
};

/* A list that grows in the arena. */
struct node_list {
    struct yaml_node **nodes;
    uint32_t count, capacity;
};

static enum status push(struct builder *b, struct node_list *list, struct yaml_node *node)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        struct yaml_node **nodes = ARENA_ARRAY(b->arena, struct yaml_node *, capacity, b->err);
        if (nodes == NULL)
            return b->err->status;
        if (list->count > 0)
            memcpy(nodes, list->nodes, list->count * sizeof(struct yaml_node *));
        list->nodes = nodes;
        list->capacity = capacity;
    }
    list->nodes[list->count++] = node;
    return STATUS_OK;
}

static enum status fail(struct builder *b, const yaml_mark_t *mark, const char *what)
{
    (void)ERROR_SET(b->err, STATUS_INVALID, "%s", what);
    b->err->line = (uint32_t)mark->line + 1;
    b->err->column = (uint32_t)mark->column + 1;
    return b->err->status;
}

static enum status next_event(struct builder *b, yaml_event_t *ret)
{
    if (yaml_parser_parse(&b->parser, ret))
        return STATUS_OK;
    return fail(b, &b->parser.problem_mark,
                b->parser.problem == NULL ? "the YAML cannot be read" : b->parser.problem);
}

static enum status new_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *event,
                            struct yaml_node **ret)
{
    if (++b->node_count > YAML_NODES_MAX)
        return fail(b, &event->start_mark, "the YAML has too many nodes");
    *ret = ARENA_NEW(b->arena, struct yaml_node, b->err);
    if (*ret == NULL)
        return b->err->status;
    (*ret)->kind = kind;
    (*ret)->line = (uint32_t)event->start_mark.line + 1;
    return STATUS_OK;
}

static enum status build(struct builder *b, const yaml_event_t *event, unsigned depth,
                         struct yaml_node **ret);

/* Reads one node after another up to the end event of the container. */
static enum status build_items(struct builder *b, yaml_event_type_t end, unsigned depth,
                               struct node_list *list)
{
    for (;;) {
        yaml_event_t event;
        struct yaml_node *node = NULL;
        enum status status = next_event(b, &event);
        if (status != STATUS_OK)
            return status;
        if (event.type == end) {
            yaml_event_delete(&event);
            return STATUS_OK;
        }
        status = build(b, &event, depth + 1, &node);
        yaml_event_delete(&event);
        if (status == STATUS_OK)
            status = push(b, list, node);
        if (status != STATUS_OK)
            return status;
    }
}

/* Splits the alternating list into keys and values; refuses repeated keys. */
static enum status make_mapping(struct builder *b, const struct node_list *list,
                                const yaml_mark_t *mark, struct yaml_node *node)
{
    node->count = list->count / 2;
    node->keys = ARENA_ARRAY(b->arena, struct yaml_node *, node->count + 1, b->err);
    node->items = ARENA_ARRAY(b->arena, struct yaml_node *, node->count + 1, b->err);
    if (node->keys == NULL || node->items == NULL)
        return b->err->status;
    for (uint32_t i = 0; i < node->count; i++) {
        node->keys[i] = list->nodes[2 * i];
        node->items[i] = list->nodes[2 * i + 1];
        if (node->keys[i]->kind != YAML_SCALAR)
            return fail(b, mark, "a key must be a scalar");
        for (uint32_t k = 0; k < i; k++) {
            if (slice_equal(node->keys[k]->text, node->keys[i]->text))
                return fail(b, mark, "a key stands twice in one mapping");
        }
    }
    return STATUS_OK;
}

static enum status build(struct builder *b, const yaml_event_t *event, unsigned depth,
                         struct yaml_node **ret)
{
    struct node_list list = {0};
    enum status status;

    if (depth > YAML_DEPTH_MAX)
        return fail(b, &event->start_mark, "the YAML is nested too deep");
    if (event->type == YAML_ALIAS_EVENT)
        return fail(b, &event->start_mark, "aliases are not allowed");
    if (event->type == YAML_SCALAR_EVENT) {
        status = new_node(b, YAML_SCALAR, event, ret);
        if (status != STATUS_OK)
            return status;
        (*ret)->text = arena_copy(b->arena,
                                  slice_from((const char *)event->data.scalar.value,
                                             event->data.scalar.length),
                                  b->err);
        (*ret)->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return (*ret)->text.data == NULL ? b->err->status : STATUS_OK;
    }
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    if (!mapping && event->type != YAML_SEQUENCE_START_EVENT)
        return fail(b, &event->start_mark, "the YAML has an unexpected part");
    status = new_node(b, mapping ? YAML_MAPPING : YAML_SEQUENCE, event, ret);
    if (status == STATUS_OK)
        status = build_items(b, mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth,
                             &list);
    if (status != STATUS_OK)
        return status;
    if (mapping)
        return make_mapping(b, &list, &event->start_mark, *ret);
    (*ret)->items = list.nodes;
    (*ret)->count = list.count;
    return STATUS_OK;
}

enum status yaml_parse(struct slice text, struct arena *arena, struct yaml_node ***ret,
                       uint32_t *ret_count, struct error *err)
{
    struct builder b = {.arena = arena, .err = err};
    struct node_list documents = {0};
    enum status status = STATUS_OK;
    bool ended = false;

    if (!yaml_parser_initialize(&b.parser))
        return ERROR_MEMORY(err);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text.data, text.size);
    while (status == STATUS_OK && !ended) {
        yaml_event_t event;
        struct yaml_node *node = NULL;
        status = next_event(&b, &event);
        if (status != STATUS_OK)
            break;
        ended = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_SCALAR_EVENT || event.type == YAML_MAPPING_START_EVENT ||
            event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_ALIAS_EVENT) {
            status = build(&b, &event, 1, &node);
            if (status == STATUS_OK)
                status = push(&b, &documents, node);
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&b.parser);
    *ret = documents.nodes;
    *ret_count = status == STATUS_OK ? documents.count : 0;
    return status;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != YAML_MAPPING)
        return NULL;
    for (uint32_t i = 0; i < mapping->count; i++) {
        if (slice_is(mapping->keys[i]->text, key))
            return mapping->items[i];
    }
    return NULL;
}

struct slice yaml_text(const struct yaml_node *mapping, const char *key, const char *fallback)
{
    const struct yaml_node *node = yaml_get(mapping, key);

    return node != NULL && node->kind == YAML_SCALAR ? node->text : slice_of(fallback);
}

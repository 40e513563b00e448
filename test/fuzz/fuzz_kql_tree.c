/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kql_tree.c - queries that mostly make sense (the mutator works on their trees) are
 * laid out without a change of meaning, bound, explained and run over a small table:
 *
 *   - what parses has a layout, which is laid out as itself (query_format() compares trees);
 *   - what binds does not fail to bind when it runs (but for what reads rows to bind), and
 *     the other way round;
 *   - all cells of an answer are JSON. */
#include "kql_table.h"
#include "kql_tree.h"

#include "base/check.h"
#include "base/limits.h"
#include "codec/json.h"
#include "query/ast_priv.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
/* libFuzzer's own, by bytes; absent where a corpus is only replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static enum status begin(struct query_sink *sink, const struct schema *schema, struct error *err)
{
    (void)sink;
    (void)err;
    for (uint32_t c = 0; c < schema->column_count; c++)
        CHECK(schema->columns[c].type < TYPE_COUNT_);
    return STATUS_OK;
}

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    struct json_tape tape;
    struct buf buf;

    (void)sink;
    (void)err;
    json_tape_init(&tape);
    buf_init(&buf, 64 * MIB);
    for (uint32_t r = 0; r < batch->row_count && r < 64; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            struct value v = vector_value(&batch->columns[c], r);
            buf_clear(&buf);
            query_add_json(&buf, &v);
            CHECK(!buf.failed);
            CHECK(json_parse(buf_slice(&buf), 16 * JSON_DEPTH_MAX, &tape) == JSON_OK);
            buf_clear(&buf);
            query_add_text(&buf, &v);
        }
    }
    buf_release(&buf);
    json_tape_release(&tape);
    return STATUS_OK;
}

static void lay_out(struct slice text)
{
    struct arena *arena = arena_new(64 * MIB);
    struct node *tree = NULL;
    struct buf once, twice;
    struct error err = {0};

    CHECK(arena != NULL);
    buf_init(&once, 16 * MIB);
    buf_init(&twice, 16 * MIB);
    if (parse_query(arena, text, &tree, &err) == STATUS_OK) {
        CHECK(query_format(text, &once, &err) == STATUS_OK);
        CHECK(query_format(buf_slice(&once), &twice, &err) == STATUS_OK);
        CHECK(slice_equal(buf_slice(&once), buf_slice(&twice)));
    } else {
        CHECK(err.text[0] != '\0' && err.line > 0 && err.column > 0);
    }
    buf_release(&once);
    buf_release(&twice);
    arena_free(arena);
}

/* Whether a name stands in it that is no let or parameter, so perhaps a column. */
static bool names_column(const struct node *node, const struct node *statements)
{
    for (const struct node *n = node; n != NULL; n = n->next) {
        bool is_let = false;
        for (const struct node *s = statements; s != NULL; s = s->next) {
            is_let = is_let || (s->kind == NODE_LET && slice_equal(s->name, n->name));
            for (const struct node *p = s->kind == NODE_DECLARE ? s->by : NULL; p != NULL;
                 p = p->next)
                is_let = is_let || slice_equal(p->name, n->name);
        }
        if ((n->kind == NODE_NAME && !is_let) || names_column(n->args, statements))
            return true;
    }
    return false;
}

/* A known value that is looked for in a table is known only when its rows are read: with it
 * `take iff('a' in (T), -1, 1)` or `set query_now = iff('a' has_any (T), datetime(null), t)`
 * are right or wrong, and an error further on comes first when the query is only bound. */
static bool looks_in_table(const struct node *list, const struct node *statements)
{
    for (const struct node *n = list; n != NULL; n = n->next) {
        for (const struct node *item = n->kind == NODE_IN ? n->body : NULL; item != NULL;
             item = item->next) {
            struct node left = *n->args;
            left.next = NULL;
            if (item->kind != NODE_LITERAL && !names_column(&left, statements))
                return true;
        }
        if (looks_in_table(n->args, statements) || looks_in_table(n->by, statements) ||
            looks_in_table(n->body, statements) || looks_in_table(n->params, statements))
            return true;
    }
    return false;
}

/* bag_unpack() and pivot() take their columns from rows, other places a toscalar(), as
 * reduce does, or the values of a column, as partition with queries in braces. */
static bool binds_by_rows(struct slice text)
{
    static const char *const words[] = {"evaluate", "toscalar", "reduce", "partition"};
    struct arena *arena = arena_new(64 * MIB);
    struct node *tree = NULL;
    struct error err = {0};
    bool found = false;

    CHECK(arena != NULL);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !found; i++)
        found = slice_find(text, slice_of(words[i]), 0) != SIZE_MAX;
    if (!found && parse_query(arena, text, &tree, &err) == STATUS_OK)
        found = looks_in_table(tree, tree);
    arena_free(arena);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query_sink sink = {.begin = begin, .rows = rows};
    struct query_request request = {.text = slice_from((const char *)data, size),
                                    .env = kql_table_env(),
                                    .memory_bytes = 16 * MIB,
                                    .time_ms = 1000,
                                    .rows_max = 2000,
                                    .now = TICKS_UNIX_EPOCH + 20460 * TICKS_PER_DAY};
    struct query_stats stats;
    struct error check = {0}, run = {0};

    lay_out(request.text);
    request.check_only = true;
    enum status bound = query_run(&request, &sink, &stats, &check);
    CHECK(bound == STATUS_OK || check.text[0] != '\0');
    request.check_only = false;
    enum status ran = query_run(&request, &sink, &stats, &run);
    CHECK(ran == STATUS_OK || run.text[0] != '\0');
    if (!binds_by_rows(request.text) &&
        ((bound == STATUS_OK && ran == STATUS_INVALID && stats.phase != QUERY_PHASE_RUN) ||
         (bound == STATUS_INVALID && ran != STATUS_LIMIT && /* of a table that `in` reads */
          (ran != bound || strcmp(check.text, run.text) != 0)))) {
        fprintf(stderr, "bound: %s\nrun: %s\n", check.text, run.text);
        abort();
    }
    request.explain = size % 2 == 0 ? EXPLAIN_PLAN : EXPLAIN_ANALYZE;
    run = (struct error){0};
    CHECK(query_run(&request, &sink, &stats, &run) == STATUS_OK || run.text[0] != '\0');
    return 0;
}

/* One in six is crossed with an input of before. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static struct buf before;
    struct slice text = slice_from((const char *)data, size);
    struct buf buf;

    if (seed % 16 == 0 && LLVMFuzzerMutate != NULL)
        return LLVMFuzzerMutate(data, size, max_size);
    buf_init(&buf, MIB);
    if (seed % 6 == 1 && before.size > 0)
        kql_tree_cross(text, buf_slice(&before), seed, &buf);
    else
        kql_tree_change(text, seed, &buf);
    if (seed % 5 == 0) {
        before.max_bytes = MIB;
        buf_clear(&before);
        buf_add_slice(&before, text);
    }
    size = buf.size < max_size ? buf.size : max_size;
    if (size > 0)
        memcpy(data, buf.data, size);
    buf_release(&buf);
    return size;
}

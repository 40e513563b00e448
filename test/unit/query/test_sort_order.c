/* SPDX-License-Identifier: Apache-2.0 */
/* The order of rows, against one found by comparing their values. */
#include "test.h"

#include "base/limits.h"
#include "query/fn_priv.h"
#include "query/run_priv.h"
#include "query/sort_order_priv.h"

#include <math.h>
#include <stdio.h>

#define COLUMNS 8u

static const enum type types[COLUMNS] = {TYPE_LONG,   TYPE_REAL,     TYPE_BOOL, TYPE_GUID,
                                         TYPE_STRING, TYPE_DATETIME, TYPE_DECIMAL, TYPE_LONG};

struct fixture {
    struct arena *arena;
    struct query_request request;
    struct query query;
    struct run run;
    struct column columns[COLUMNS];
    struct rowset *set;
    atomic_bool cancelled;
};

static void open_fixture(struct fixture *f, size_t budget)
{
    struct error err = {.status = STATUS_OK};

    *f = (struct fixture){.arena = arena_new(budget)};
    assert_non_null(f->arena);
    f->request.cancelled = &f->cancelled;
    f->query = (struct query){
        .request = &f->request, .arena = f->arena, .deadline_us = UINT64_MAX};
    f->run = (struct run){.query = &f->query, .arena = f->arena, .thread_count = 1};
    for (uint32_t i = 0; i < COLUMNS; i++)
        f->columns[i] = (struct column){SLICE("c"), types[i]};
    struct schema schema = {f->columns, COLUMNS};
    f->set = rowset_new(f->arena, &schema, NULL, &err);
    assert_non_null(f->set);
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Few values, extremes among them, so that rows are often equal in a key. */
static struct value random_value(enum type type, uint64_t *state, char text[static 40])
{
    static const double reals[] = {-INFINITY, -1.5, -0.0, 0.0, 1e-300, NAN, INFINITY, 2.5};
    static const int64_t integers[] = {INT64_MIN, -1, 0, 1, 7, INT64_MAX};
    static const char *const texts[] = {"", "a", "same beginning 1", "same beginning 12",
                                        "same beginning 2", "same", "\xc3\xa4", "b"};
    static const char *const decimals[] = {"10", "9", "-1.5", "100", "0.5", "-20"};
    uint32_t pick = next_random(state);
    struct value v = {.type = type, .is_null = type != TYPE_STRING && pick % 7 == 0};

    pick /= 7;
    if (type == TYPE_BOOL) {
        v.boolean = pick % 2 != 0;
    } else if (type == TYPE_REAL) {
        v.real = reals[pick % COUNT_OF(reals)];
    } else if (type == TYPE_GUID) {
        memset(v.guid.bytes, (int)(pick % 3), 16);
        v.guid.bytes[pick % 2 * 15] = (uint8_t)(pick % 251);
    } else if (type == TYPE_DECIMAL) {
        v.bytes = slice_of(decimals[pick % COUNT_OF(decimals)]);
    } else if (type == TYPE_STRING) {
        v.bytes = slice_of(texts[pick % COUNT_OF(texts)]);
        if (pick % 3 == 0) { /* an address of its own, and perhaps the text of another */
            (void)snprintf(text, 40, "%s", texts[pick / 3 % COUNT_OF(texts)]);
            v.bytes = slice_of(text);
        }
    } else {
        v.integer = integers[pick % COUNT_OF(integers)];
    }
    return v;
}

static void add_rows(struct fixture *f, uint32_t count, uint64_t seed)
{
    struct error err = {.status = STATUS_OK};
    struct value values[COLUMNS];
    char texts[COLUMNS][40];

    for (uint32_t r = 0; r < count; r++) {
        for (uint32_t c = 0; c < COLUMNS; c++)
            values[c] = random_value(types[c], &seed, texts[c]);
        ASSERT_OK(rowset_add_values(f->set, values, &err));
    }
}

/* Nulls are outermost, then NaN. */
static int outlying(const struct value *value)
{
    return value->is_null ? 2 : value->type == TYPE_REAL && isnan(value->real);
}

/* What the order of two rows is to be. */
static int compare(const struct rowset *set, const struct sort_key *keys, uint32_t count,
                   uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < count; i++) {
        struct value x = rowset_value(set, a, keys[i].column);
        struct value y = rowset_value(set, b, keys[i].column);
        int c = 0;
        int out = outlying(&x) - outlying(&y);
        if (out != 0)
            c = (out > 0) == keys[i].nulls_first ? -1 : 1;
        else if (outlying(&x) == 0)
            c = keys[i].descending ? -value_compare(&x, &y) : value_compare(&x, &y);
        if (c != 0)
            return c;
    }
    return a < b ? -1 : 1;
}

static void assert_sorted(struct fixture *f, const struct sort_key *keys, uint32_t count)
{
    struct error err = {.status = STATUS_OK};
    uint64_t rows = f->set->row_count;
    uint64_t sum = 0;
    uint32_t *order;

    ASSERT_OK(sort_order(f->set, keys, count, &f->run, f->arena, &order, &err));
    /* Each follows the one before by more than equality, so no row comes twice. */
    for (uint64_t i = 0; i < rows; i++) {
        sum += order[i];
        assert_true(order[i] < rows);
        if (i > 0)
            assert_true(compare(f->set, keys, count, order[i - 1], order[i]) < 0);
    }
    assert_int_equal(sum, rows == 0 ? 0 : rows * (rows - 1) / 2);
}

/* As many rows as are inserted, few, and many; each column alone and with others. */
static void test_as_compared(void **state)
{
    static const uint32_t counts[] = {0, 1, 2, 20, 300, 9000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        struct fixture f;
        open_fixture(&f, 256 * MIB);
        add_rows(&f, counts[i], 42 + i);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            for (uint32_t flags = 0; flags < 4; flags++) {
                struct sort_key keys[] = {
                    {c, (flags & 1) != 0, (flags & 2) != 0},
                    {(c + 1) % COLUMNS, (flags & 2) != 0, (flags & 1) == 0},
                    {(c + 3) % COLUMNS, false, true},
                };
                assert_sorted(&f, keys, 1);
                assert_sorted(&f, keys, COUNT_OF(keys));
            }
        }
        arena_free(f.arena);
    }
}

/* Texts that are equal for long, up to all of them, and ends that are zeros; times that are
 * multiples of something, but for the last. */
static void test_long_ties(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct value values[COLUMNS];
    struct fixture f;
    uint64_t seed = 5;

    (void)state;
    open_fixture(&f, 256 * MIB);
    for (uint32_t r = 0; r < 6000; r++) {
        char texts[COLUMNS][64];
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        for (uint32_t c = 0; c < COLUMNS; c++) {
            values[c] = (struct value){.type = types[c], .is_null = types[c] != TYPE_STRING};
            if (types[c] == TYPE_LONG || types[c] == TYPE_DATETIME)
                values[c] = (struct value){.type = types[c],
                                           .integer = (int64_t)(seed >> 44) * 10000000 +
                                                      (r == 5999)};
            if (types[c] != TYPE_STRING)
                continue;
            size_t size = 0;
            for (uint32_t k = 0; k < (seed >> 33) % 7; k++, size += 8)
                memset(texts[c] + size, (seed >> (40 + k) & 3) == 0 ? 'b' : 'a', 8);
            size_t end = (seed >> 50) % 4;
            memset(texts[c] + size, 0, end);
            values[c].bytes = slice_from(texts[c], size + end);
        }
        ASSERT_OK(rowset_add_values(f.set, values, &err));
    }
    for (uint32_t c = 0; c < COLUMNS; c++) {
        struct sort_key keys[] = {{c, false, true}, {(c + 1) % COLUMNS, true, true}};
        assert_sorted(&f, keys, 1);
        assert_sorted(&f, keys, 2);
    }
    arena_free(f.arena);
}

/* Rows, and parts of them, that several threads share. */
static void test_threads(void **state)
{
    static const struct sort_key keys[] = {{4, false, true}, {0, true, false}, {1, false, false},
                                           {3, true, true},  {5, false, true}, {2, true, false}};
    struct error err = {.status = STATUS_OK};
    struct fixture f;

    (void)state;
    open_fixture(&f, 256 * MIB);
    add_rows(&f, 40000, 11);
    ASSERT_OK(run_begin(&f.query, 3, &f.run, &err));
    for (uint32_t i = 0; i < COUNT_OF(keys); i++) {
        assert_sorted(&f, keys + i, 1);
        assert_sorted(&f, keys + i, i + 2 > COUNT_OF(keys) ? 1 : 2);
    }
    assert_sorted(&f, keys, COUNT_OF(keys));
    run_end(&f.run);
    arena_free(f.arena);
}

/* Rows of adopted sets have numbers with gaps. */
static void test_gaps(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct sort_key key = {0, false, true};
    struct fixture f, other;
    uint32_t *order;

    (void)state;
    open_fixture(&f, 64 * MIB);
    open_fixture(&other, 64 * MIB);
    struct value values[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        values[c] = (struct value){.type = types[c], .is_null = types[c] != TYPE_STRING};
    for (int64_t i = 0; i < 3; i++) {
        values[0] = (struct value){.type = TYPE_LONG, .integer = 10 - i};
        ASSERT_OK(rowset_add_values(f.set, values, &err));
        values[0].integer = i;
        ASSERT_OK(rowset_add_values(other.set, values, &err));
    }
    ASSERT_OK(rowset_adopt(f.set, other.set, &err));
    ASSERT_OK(sort_order(f.set, &key, 1, &f.run, f.arena, &order, &err));
    static const uint32_t wanted[] = {BATCH_ROWS_MAX, BATCH_ROWS_MAX + 1, BATCH_ROWS_MAX + 2,
                                      2,              1,                  0};
    assert_memory_equal(order, wanted, sizeof(wanted));
    arena_free(f.arena);
    arena_free(other.arena);
}

static void test_stops(void **state)
{
    struct error err = {.status = STATUS_OK};
    struct sort_key key = {4, false, true};
    struct fixture f;
    uint32_t *order;

    (void)state;
    open_fixture(&f, 256 * MIB);
    add_rows(&f, 9000, 1);
    size_t used = arena_used_bytes(f.arena);
    atomic_store(&f.cancelled, true);
    ASSERT_STATUS(STATUS_CANCELLED,
                  sort_order(f.set, &key, 1, &f.run, f.arena, &order, &err));
    atomic_store(&f.cancelled, false);
    err = (struct error){0};
    ASSERT_OK(sort_order(f.set, &key, 1, &f.run, f.arena, &order, &err));
    /* Of the work only the orders are left. */
    assert_true(arena_used_bytes(f.arena) - used < 200 * KIB);
    size_t room = 256 * MIB - arena_used_bytes(f.arena);
    /* Room for a list of the rows and half of one, and no more. */
    ASSERT_OK(arena_charge(f.arena, room - 320 * KIB, &err));
    for (uint32_t c = 0; c < COLUMNS; c += 3) {
        struct sort_key keys[] = {{c, c == 3, c == 0}, {c + 1, c != 3, c != 0}};
        assert_sorted(&f, keys, c == 6 ? 1 : 2);
    }
    ASSERT_STATUS(STATUS_OK, err.status);
    atomic_store(&f.cancelled, true);
    ASSERT_STATUS(STATUS_CANCELLED,
                  sort_order(f.set, &key, 1, &f.run, f.arena, &order, &err));
    atomic_store(&f.cancelled, false);
    err = (struct error){0};
    arena_refund(f.arena, room - 320 * KIB);
    room = 256 * MIB - arena_used_bytes(f.arena);
    ASSERT_OK(arena_charge(f.arena, room - 16 * KIB, &err));
    ASSERT_STATUS(STATUS_LIMIT, sort_order(f.set, &key, 1, &f.run, f.arena, &order, &err));
    arena_refund(f.arena, room - 16 * KIB);
    arena_free(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_compared),
        cmocka_unit_test(test_long_ties),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_stops),
    };

    return RUN_TESTS(tests);
}

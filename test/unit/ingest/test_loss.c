/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/loss_priv.h"

#include "base/hash.h"
#include "base/limits.h"
#include "ingest/world.h"

static struct tenant make_tenant(uint64_t next_seq, uint64_t next_leaf, bool seen)
{
    struct tenant tenant = {.id = {{7}},
                            .given = {.next_seq = next_seq, .next_leaf = next_leaf},
                            .durable = {.next_seq = 1},
                            .seen = seen};

    return tenant;
}

static uint64_t sealed_to_20(void *context, const struct guid *tenant)
{
    (void)context;
    (void)tenant;
    return 20;
}

static void expect(const struct loss *loss, uint32_t at, uint64_t first, uint64_t last, bool bound)
{
    assert_true(at < loss->count);
    assert_int_equal(loss->items[at].first_seq, first);
    assert_int_equal(loss->items[at].last_seq, last);
    assert_int_equal(loss->items[at].is_bound, bound);
}

static void numbers_that_lack_are_lost(void **state)
{
    const struct ingest_options options = {.io = NULL};
    struct tenant tenant = make_tenant(10, 3, true);
    struct leaf_fields next = {.first_seq = 10, .leaf_index = 3};
    struct loss loss = {.items = NULL};
    struct error err;
    bool skip = true;

    (void)state;
    loss_note(&loss, NULL, 2, false);
    ASSERT_OK(loss_close(&loss, &options, &tenant, &next, &skip, &err)); /* it lost nothing */
    assert_false(skip);
    assert_int_equal(loss.count, 0);
    next = (struct leaf_fields){.first_seq = 15, .leaf_index = 4};
    for (int i = 0; i < 2; i++) { /* found again after a restart: the same */
        ASSERT_OK(loss_close(&loss, &options, &tenant, &next, &skip, &err));
        assert_true(skip);
        assert_int_equal(loss.count, 1);
    }
    expect(&loss, 0, 10, 14, false);
    loss_release(&loss);
}

static void the_first_frame_is_measured_against_what_is_sealed(void **state)
{
    const struct ingest_options options = {.last_sealed = sealed_to_20};
    struct tenant tenant = make_tenant(40, 9, false); /* the state is ahead of the floor */
    struct leaf_fields next = {.first_seq = 25, .leaf_index = 5};
    struct loss loss = {.items = NULL};
    struct error err;
    bool skip = true;

    (void)state;
    ASSERT_OK(loss_close(&loss, &options, &tenant, &next, &skip, &err));
    assert_int_equal(loss.count, 0); /* no frame lacks */
    loss_note(&loss, &tenant, 1, true);
    ASSERT_OK(loss_close(&loss, &options, &tenant, &next, &skip, &err));
    assert_false(skip);
    expect(&loss, 0, 21, 24, false);
    loss_release(&loss);
}

static void numbers_that_may_be_lost_are_not_given_again(void **state)
{
    const struct ingest_options options = {.io = NULL};
    struct tenant tenant = make_tenant(10, 3, true), other = make_tenant(5, 1, true);
    struct loss loss = {.items = NULL};
    struct error err;
    bool skip = false;

    (void)state;
    tenant.durable = (struct tenant_counters){.next_seq = 12, .next_leaf = 4};
    loss_note(&loss, &tenant, 1, false);
    ASSERT_OK(loss_end(&loss, &options, &tenant, &skip, &err));
    assert_true(skip);
    expect(&loss, 0, 10, 11, false);
    expect(&loss, 1, 12, 11 + REQUEST_RECORDS_MAX, true);
    assert_int_equal(tenant.given.next_seq, 12 + REQUEST_RECORDS_MAX);
    assert_true(tenant.given.next_leaf > 4);
    ASSERT_OK(loss_end(&loss, &options, &other, &skip, &err)); /* the frame was not its own */
    assert_int_equal(other.given.next_seq, 5);
    loss_release(&loss);
}

static void the_list_is_kept_twice(void **state)
{
    struct loss loss = {.items = NULL}, again;
    const struct ingest_options options = {.io = NULL};
    struct tenant tenant = make_tenant(10, 3, true);
    struct leaf_fields next = {.first_seq = 15, .leaf_index = 4};
    struct world w;
    struct error err;
    bool skip;

    (void)state;
    world_new(&w);
    ASSERT_OK(io_make_dir(w.io, "ingest", &err));
    ASSERT_OK(loss_load(&again, w.io, &err)); /* none yet */
    assert_int_equal(again.count, 0);
    ASSERT_OK(loss_close(&loss, &options, &tenant, &next, &skip, &err));
    ASSERT_OK(loss_save(&loss, w.io, &err));
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(loss_load(&again, w.io, &err));
        expect(&again, 0, 10, 14, false);
        assert_true(guid_equal(&again.items[0].tenant, &tenant.id));
        loss_release(&again);
        ASSERT_OK(io_replace(w.io, LOSS_PATH, SLICE("nonsense"), &err));
    }
    ASSERT_OK(io_replace(w.io, LOSS_PATH ".copy", SLICE("nonsense"), &err));
    assert_int_equal(loss_load(&again, w.io, &err), STATUS_CORRUPT);
    loss_release(&again);
    loss_release(&loss);
    world_free(&w);
}

/* The list as programs before the acceptances wrote it. */
static void write_version_1(struct world *w, uint64_t first, uint64_t last)
{
    struct buf bytes;
    struct error err;

    buf_init(&bytes, KIB);
    buf_add(&bytes, "DBLOST\0\1", 8);
    buf_put_u32(&bytes, 1);
    buf_add(&bytes, w->tenant.bytes, sizeof(w->tenant.bytes));
    buf_put_u64(&bytes, first);
    buf_put_u64(&bytes, last);
    buf_put_u8(&bytes, 1);
    buf_put_u32(&bytes, hash_crc32c(0, bytes.data, bytes.size));
    ASSERT_OK(io_replace(w->io, LOSS_PATH, buf_slice(&bytes), &err));
    buf_release(&bytes);
}

static void who_accepts_a_loss_is_kept_with_it(void **state)
{
    struct ingest_lost accepted = {.first_seq = 10, .last_seq = 14, .accepted_us = 3,
                                   .from_us = 1, .to_us = 2, .accepted_by = "someone"};
    struct loss loss, again;
    struct world w;
    struct error err;

    (void)state;
    world_new(&w);
    ASSERT_OK(io_make_dir(w.io, "ingest", &err));
    write_version_1(&w, 10, 14);
    ASSERT_OK(loss_load(&loss, w.io, &err));
    expect(&loss, 0, 10, 14, true);
    assert_int_equal(loss.items[0].accepted_us, 0);
    accepted.tenant = w.tenant;
    for (int i = 0; i < 2; i++) { /* anew, too */
        accepted.from_us -= i;
        ASSERT_OK(loss_accept(&loss, w.io, &accepted, &err));
        ASSERT_OK(loss_load(&again, w.io, &err));
        expect(&again, 0, 10, 14, true);
        assert_int_equal(again.count, 1);
        assert_int_equal(again.items[0].accepted_us, 3);
        assert_int_equal(again.items[0].from_us, 1 - i);
        assert_int_equal(again.items[0].to_us, 2);
        assert_string_equal(again.items[0].accepted_by, "someone");
        loss_release(&again);
    }
    accepted.first_seq = 40; /* the store has lost them, the log has not */
    accepted.last_seq = 44;
    accepted.is_bound = false;
    ASSERT_OK(loss_accept(&loss, w.io, &accepted, &err));
    ASSERT_OK(loss_load(&again, w.io, &err));
    assert_int_equal(again.count, 2);
    expect(&again, 1, 40, 44, false);
    loss_release(&again);
    loss_release(&loss);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_lack_are_lost),
        cmocka_unit_test(the_first_frame_is_measured_against_what_is_sealed),
        cmocka_unit_test(numbers_that_may_be_lost_are_not_given_again),
        cmocka_unit_test(the_list_is_kept_twice),
        cmocka_unit_test(who_accepts_a_loss_is_kept_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

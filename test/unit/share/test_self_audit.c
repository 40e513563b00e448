/* SPDX-License-Identifier: Apache-2.0 */
#include "share/self_audit.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypt/hash.h"
#include "sim/alloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

/* The audit's only way out, in place of the real ingest: notes what comes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct buf written;
static unsigned put_count, delay_ms;
static uint64_t acked_count, acked_by_others;
static enum status fails_with; /* unless OK */
static unsigned full_count;      /* of requests that find no space */
static unsigned asked_of_instance; /* requests of tenant zero with a text */
static bool others_write;
static atomic_bool is_held; /* what is written stays under way */
static struct clock_fixed still;

static void sleep_ms(unsigned ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    (void)nanosleep(&wait, NULL);
}

struct put {
    enum status status;
};
static struct put all_puts[64];
static unsigned begun_count, begun_at_once_max, room_asked_count;

enum status ingest_put_begin(struct ingest *ingest, const struct ingest_request *request,
                             struct arena *arena, struct put **ret, struct error *err)
{
    (void)ingest;
    (void)arena;
    (void)err;
    (void)pthread_mutex_lock(&lock);
    put_count++;
    enum status status = fails_with;
    if (full_count > 0) {
        full_count--;
        status = STATUS_FULL;
    }
    if (!request->internal || !request->ids_are_new || !slice_is(request->table, "DaybookAudit"))
        status = STATUS_INVALID;
    bool refused = status != STATUS_OK;
    if (!refused)
        buf_add_slice(&written, request->body);
    asked_of_instance += guid_is_zero(&request->tenant) &&
                         slice_find(request->body, SLICE("\"Query\":"), 0) != SIZE_MAX;
    acked_count += !refused;
    assert_true(begun_count < 64);
    *ret = &all_puts[begun_count++];
    (*ret)->status = status;
    if (begun_count > begun_at_once_max)
        begun_at_once_max = begun_count;
    (void)pthread_mutex_unlock(&lock);
    return STATUS_OK;
}

enum status ingest_put_end(struct put *put, struct ingest_answer *ret, struct error *err)
{
    enum status status = put->status;
    *ret = (struct ingest_answer){0};
    sleep_ms(delay_ms);
    while (atomic_load(&is_held))
        sleep_ms(1);
    (void)pthread_mutex_lock(&lock);
    begun_count--;
    (void)pthread_mutex_unlock(&lock);
    return status == STATUS_OK ? STATUS_OK : ERROR_SET(err, status, "no space");
}

bool ingest_wait_for_room(struct ingest *ingest, bool is_small)
{
    (void)ingest;
    (void)is_small;
    (void)pthread_mutex_lock(&lock);
    room_asked_count++;
    assert_int_equal(begun_count, 0); /* a checkpoint would wait for these */
    (void)pthread_mutex_unlock(&lock);
    return true;
}

enum status ingest_put(struct ingest *ingest, const struct ingest_request *request,
                       struct arena *arena, struct ingest_answer *ret, struct error *err)
{
    struct put *put;
    enum status status = ingest_put_begin(ingest, request, arena, &put, err);
    return status == STATUS_OK ? ingest_put_end(put, ret, err) : status;
}

void ingest_stats(struct ingest *ingest, struct ingest_stats *ret)
{
    (void)ingest;
    (void)pthread_mutex_lock(&lock);
    acked_by_others += others_write;
    *ret = (struct ingest_stats){.acked_requests = acked_count + acked_by_others};
    (void)pthread_mutex_unlock(&lock);
}

static size_t count_of(const char *text)
{
    size_t count = 0;
    size_t at = 0;
    (void)pthread_mutex_lock(&lock);
    while ((at = slice_find(buf_slice(&written), slice_of(text), at)) != SIZE_MAX) {
        count++;
        at++;
    }
    (void)pthread_mutex_unlock(&lock);
    return count;
}

static struct principal who = {.role = ROLE_ANALYST, .name = "ana"};
static struct http_request request = {.principal = &who, .remote = {"192.0.2.7", 9}};
static struct guid tenants[3] = {{{1}}, {{2}}, {{3}}};

static struct audit_action make(const char *query, uint32_t tenant_count)
{
    return (struct audit_action){"AuditSearch", slice_of(query), &request, tenants, tenant_count,
                                 {"", 0}};
}

static int setup(void **state)
{
    struct self_audit *audit = NULL;
    struct error err = {0};
    buf_init(&written, 16 * MIB);
    put_count = delay_ms = begun_at_once_max = full_count = room_asked_count = 0;
    asked_of_instance = 0;
    acked_count = acked_by_others = 0;
    fails_with = STATUS_OK;
    others_write = false;
    clock_fixed_init(&still, 1700000000000000);
    assert_int_equal(self_audit_new(NULL, &still.clock, &audit, &err), STATUS_OK);
    *state = audit;
    return 0;
}

static int teardown(void **state)
{
    atomic_store(&is_held, false);
    self_audit_free(*state);
    buf_release(&written);
    return 0;
}

static void test_a_wait_ends_when_the_record_is_written(void **state)
{
    struct audit_action action = make("T | where a == \"b\"", 1);
    struct error err = {0};
    delay_ms = 50;
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\"Query\":\"T | where a == \\\"b\\\"\""), 1);
    assert_int_equal(count_of("\"Operation\":\"AuditSearch\""), 1);
    assert_int_equal(count_of("\"UserId\":\"ana\""), 1);
    assert_int_equal(count_of("\"Role\":\"analyst\""), 1);
    assert_int_equal(count_of("\"ClientIP\":\"192.0.2.7\""), 1);
}

static void test_each_tenant_gets_its_record(void **state)
{
    struct audit_action action = make("all", 3);
    struct error err = {0};
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\n"), 3 + 1); /* and the instance */
    assert_int_equal(put_count, 3 + 1);
    action = make("none", 0);
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(put_count, 3 + 1);
}

/* SHA-256 of the record's id, a line feed and what was asked. */
static void hash_of(const char *id, const char *asked, char ret[2 * SHA256_BYTES + 1])
{
    struct buf text, hex;
    uint8_t digest[SHA256_BYTES];

    buf_init(&text, KIB);
    buf_init(&hex, KIB);
    buf_add_format(&text, "%.36s\n%s", id, asked);
    sha256(text.data, text.size, digest);
    text_add_hex(&hex, digest, sizeof(digest));
    (void)snprintf(ret, 2 * SHA256_BYTES + 1, "%.*s", SLICE_FMT(buf_slice(&hex)));
    buf_release(&text);
    buf_release(&hex);
}

static void test_beside_others_only_the_instance_reads_what_was_asked(void **state)
{
    struct audit_action action = make("T | where UserId == 'of-another-tenant'", 3);
    struct error err = {0};
    char hash[2 * SHA256_BYTES + 1];

    action.parameters = SLICE("{\"p\":\"as-well\"}");
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("of-another-tenant"), 1);
    assert_int_equal(count_of("as-well"), 1);
    assert_int_equal(count_of("\"QueryHash\":"), 3);
    assert_int_equal(asked_of_instance, 1);
    size_t id = slice_find(buf_slice(&written), SLICE("\"Id\":\""), 0);
    assert_int_not_equal(id, SIZE_MAX);
    hash_of(written.data + id + 6, "T | where UserId == 'of-another-tenant'\n{\"p\":\"as-well\"}",
            hash);
    assert_int_equal(count_of(hash), 3);
    action = make("T | where UserId == 'one'", 1);
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\"Query\":\"T | where UserId == 'one'\""), 1);
    assert_int_equal(count_of("\"QueryHash\":"), 3);
    assert_int_equal(asked_of_instance, 1);
}

static void test_actions_at_once_share_a_write_in_their_order(void **state)
{
    struct audit_ticket tickets[100];
    struct error err = {0};
    atomic_store(&is_held, true); /* else a quick disk writes one by one */
    for (int i = 0; i < 100; i++) {
        struct audit_action action = make(i == 0 ? "first" : i == 99 ? "last" : "middle", 1);
        assert_int_equal(self_audit_begin(*state, &action, &tickets[i], &err), STATUS_OK);
    }
    atomic_store(&is_held, false);
    for (int i = 0; i < 100; i++)
        assert_int_equal(self_audit_wait(*state, tickets[i], &err), STATUS_OK);
    assert_int_equal(count_of("\n"), 100);
    assert_true(put_count < 20);
    assert_true(slice_find(buf_slice(&written), SLICE("\"first\""), 0) <
                slice_find(buf_slice(&written), SLICE("\"last\""), 0));
}

static void test_a_failed_write_fails_every_action_of_it_for_ever(void **state)
{
    struct audit_ticket early;
    struct audit_action action = make("q", 1);
    struct error err = {0};
    fails_with = STATUS_FULL;
    assert_int_equal(self_audit_begin(*state, &action, &early, &err), STATUS_OK);
    assert_int_equal(self_audit_wait(*state, early, &err), STATUS_FULL);
    (void)pthread_mutex_lock(&lock);
    fails_with = STATUS_IO;
    (void)pthread_mutex_unlock(&lock);
    /* More failures than are remembered, then a success. */
    for (int i = 0; i < 70; i++)
        assert_int_equal(self_audit_put(*state, &action, &err), STATUS_IO);
    (void)pthread_mutex_lock(&lock);
    fails_with = STATUS_OK;
    (void)pthread_mutex_unlock(&lock);
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(self_audit_wait(*state, early, &err), STATUS_IO); /* the newest */
    assert_non_null(strstr(err.text, "not recorded"));
}

static void test_many_tenants_are_queued_before_the_first_is_waited_for(void **state)
{
    static struct guid many[200];
    struct error err = {0};
    struct audit_action action = {"AuditSearch", SLICE("all"), &request, many, 200, {"", 0}};
    for (unsigned i = 0; i < 200; i++)
        many[i] = (struct guid){{(uint8_t)(i * 7), (uint8_t)i}};
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\n"), 200 + 1);
    assert_int_equal(put_count, 200);
    assert_int_equal(begun_at_once_max, 64);
    assert_int_equal(room_asked_count, 4);
}

static void test_more_tenants_than_may_wait_are_recorded(void **state)
{
    enum { MANY = 25000 };
    static struct guid many[MANY];
    struct error err = {0};
    struct audit_action action = {"AuditSearch", SLICE("all"), &request, many, MANY, {"", 0}};
    for (uint32_t i = 0; i < MANY; i++)
        memcpy(many[i].bytes, &i, sizeof(i));
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\n"), MANY + 1);
    /* Beside others, too, but not behind another of that sort. */
    struct audit_action small = make("small", 1);
    struct audit_ticket last, refused;
    atomic_store(&is_held, true);
    assert_int_equal(self_audit_begin(*state, &small, &last, &err), STATUS_OK);
    while (count_of("small") == 0)
        sleep_ms(1);
    assert_int_equal(self_audit_begin(*state, &small, &last, &err), STATUS_OK);
    assert_int_equal(self_audit_begin(*state, &action, &last, &err), STATUS_OK);
    assert_int_equal(self_audit_begin(*state, &action, &refused, &err), STATUS_BUSY);
    assert_int_equal(self_audit_begin(*state, &small, &refused, &err), STATUS_BUSY);
    atomic_store(&is_held, false);
    assert_int_equal(self_audit_wait(*state, last, &err), STATUS_OK);
    assert_int_equal(self_audit_put(*state, &small, &err), STATUS_OK);
}

static void test_what_finds_no_space_together_is_tried_alone(void **state)
{
    struct error err = {0};
    struct audit_action action = make("all", 3);
    full_count = 3 + 1;
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\n"), 3 + 1);
    assert_int_equal(put_count, 2 * (3 + 1));
}

/* What stands behind any padding that a query may have is seen. */
static void test_a_query_is_shown_to_its_end(void **state)
{
    static char text[QUERY_TEXT_BYTES_MAX + 101];
    static const char fills[] = {'x', '"', '\n', '\x01'};
    struct error err = {0};
    for (size_t i = 0; i < sizeof(fills); i++) {
        memset(text, fills[i], sizeof(text));
        memcpy(text + QUERY_TEXT_BYTES_MAX - 6, "secret", 7);
        buf_clear(&written);
        struct audit_action action = make(text, 1);
        action.parameters = SLICE("{\"name\":\n\t\"value\"}");
        assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
        assert_int_equal(count_of("secret\",\"Parameters\":{\"name\":  \"value\"}}\n"), 1);
        assert_true(written.size < RECORD_BYTES_MAX);
        assert_int_equal(count_of("QueryBytes"), 0);
    }
    text[sizeof(text) - 1] = '\0';
    memset(text, 'x', sizeof(text) - 1);
    struct audit_action action = make(text, 1); /* more than a query may have */
    assert_int_equal(self_audit_put(*state, &action, &err), STATUS_OK);
    assert_int_equal(count_of("\"QueryBytes\":262244"), 1);
}

static void test_what_waits_at_the_end_is_written(void **state)
{
    struct audit_ticket ticket;
    struct audit_action action = make("late", 1);
    struct error err = {0};
    assert_int_equal(self_audit_begin(*state, &action, &ticket, &err), STATUS_OK);
    self_audit_free(*state);
    *state = NULL;
    assert_int_equal(count_of("\"late\""), 1);
}

static void test_many_in_a_row_share_a_write_while_others_write(void **state)
{
    struct self_audit *audit = *state;
    struct audit_ticket last = {0};
    struct error err = {0};
    struct audit_action action = make("print 1", 1);

    others_write = true;
    for (unsigned i = 0; i < SELF_AUDIT_BURST + 1; i++)
        assert_int_equal(self_audit_put(audit, &action, &err), STATUS_OK);
    put_count = 0;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(self_audit_begin(audit, &action, &last, &err), STATUS_OK);
    assert_int_equal(self_audit_wait(audit, last, &err), STATUS_OK);
    assert_in_range(put_count, 1, 2);
    assert_int_equal(count_of("print 1"), SELF_AUDIT_BURST + 11);
}

/* It waited 20 ms for others although there was nobody to be spared a sync.  As the
 * audit's clock stands still no write is ever paid for: of those that wait none can take
 * less. */
static void test_nobody_waits_while_nobody_else_writes(void **state)
{
    struct self_audit *audit = *state;
    struct error err = {0};
    struct audit_action action = make("print 1", 2);
    uint64_t least_us = UINT64_MAX;

    for (unsigned i = 0; i < 3 * SELF_AUDIT_BURST; i++) {
        uint64_t begin_us = clock_monotonic_us(clock_system());
        assert_int_equal(self_audit_put(audit, &action, &err), STATUS_OK);
        uint64_t took_us = clock_monotonic_us(clock_system()) - begin_us;
        if (i > 2 * SELF_AUDIT_BURST && took_us < least_us)
            least_us = took_us;
    }
    assert_int_equal(count_of("print 1"), 3 * SELF_AUDIT_BURST); /* the instance's */
    assert_int_equal(count_of("QueryHash"), 6 * SELF_AUDIT_BURST);
    assert_true(least_us < SELF_AUDIT_GATHER_MS * 1000);
}

/* Whichever allocation fails, the action is refused and nothing is freed twice. */
static void test_an_action_without_memory_is_refused(void **state)
{
    struct self_audit *audit = *state;
    struct audit_action action = make("T | take 1", 3);
    enum status status = STATUS_LIMIT;
    struct audit_ticket ticket;
    struct error err;
    uint64_t at = 0;

    while (status == STATUS_LIMIT) {
        alloc_set(++at, false);
        alloc_arm(true);
        status = self_audit_begin(audit, &action, &ticket, &err);
        alloc_arm(false);
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(at > 6); /* two texts and four lines, at least */
    status = self_audit_wait(audit, ticket, &err);
    assert_true(status == STATUS_OK || status == STATUS_LIMIT); /* the writer may have lacked it */
    (void)pthread_mutex_lock(&lock);
    buf_clear(&written);
    (void)pthread_mutex_unlock(&lock);
    assert_int_equal(self_audit_put(audit, &action, &err), STATUS_OK);
    assert_int_equal(count_of("T | take 1"), 1);
    assert_int_equal(count_of("QueryHash"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_wait_ends_when_the_record_is_written, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_each_tenant_gets_its_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beside_others_only_the_instance_reads_what_was_asked,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_actions_at_once_share_a_write_in_their_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_failed_write_fails_every_action_of_it_for_ever,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_tenants_are_queued_before_the_first_is_waited_for,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_tenants_than_may_wait_are_recorded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_finds_no_space_together_is_tried_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_query_is_shown_to_its_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_waits_at_the_end_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_action_without_memory_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_in_a_row_share_a_write_while_others_write,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_waits_while_nobody_else_writes, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

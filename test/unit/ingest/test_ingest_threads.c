/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads put at once, while another one makes checkpoints; and a process
 * that does this is killed at random moments. */
#include "ingest/world.h"

#include "base/limits.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define THREADS 8
#define REQUESTS_EACH 40
#define KILLS 12

struct sender {
    struct world *world;
    int number;
    uint32_t *acked; /* [THREADS] shared with the parent, or NULL */
    int first;
    size_t stored, duplicates;
    pthread_t thread;
};

static void *send_requests(void *arg)
{
    struct sender *s = arg;
    struct arena *arena = arena_new(MIB);

    for (int i = s->first; i < s->first + REQUESTS_EACH; i++) {
        char body[256];
        struct error err;
        struct ingest_answer answer;
        (void)snprintf(body, sizeof(body),
                       "{\"Id\":\"%d-%d\"}\n{\"Id\":\"all-%d\"}\n{\"Id\":\"mine-%d\",\"v\":%d}",
                       s->number, i, i, s->number, i);
        struct ingest_request request = world_request(s->world, "Mine", slice_of(body));
        if (i % 4 == 0)
            request.idempotency_key = slice_of(body);
        if (ingest_put(s->world->ingest, &request, arena, &answer, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        s->stored += answer.stored;
        s->duplicates += answer.duplicates;
        if (s->acked != NULL)
            __atomic_store_n(&s->acked[s->number], (uint32_t)i + 1, __ATOMIC_SEQ_CST);
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

static void start(struct world *w, struct sender *senders, uint32_t *acked, int first)
{
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.world = w, .number = i, .acked = acked, .first = first};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_requests, &senders[i]), 0);
    }
}

static int by_seq(const void *a, const void *b)
{
    uint64_t x = ((const struct seen_record *)a)->seq, y = ((const struct seen_record *)b)->seq;

    return x < y ? -1 : x > y;
}

static void assert_contiguous(struct world *w)
{
    qsort(w->records, w->record_count, sizeof(*w->records), by_seq);
    for (size_t i = 0; i < w->record_count; i++)
        assert_int_equal(w->records[i].seq, i + 1);
    for (size_t i = 0; i < w->leaf_count; i++)
        assert_int_equal(w->leaves[i].leaf_index, i);
}

static void threads_share_commits_and_lose_nothing(void **state)
{
    struct world w;
    struct sender senders[THREADS];
    struct ingest_stats stats;
    struct error err;
    size_t stored = 0, duplicates = 0;

    (void)state;
    world_new(&w);
    world_open(&w);
    start(&w, senders, NULL, 0);
    for (int i = 0; i < 5; i++) {
        uint64_t floor;
        ASSERT_OK(ingest_rotate(w.ingest, &floor, &err));
        ASSERT_OK(ingest_save(w.ingest, floor, &err));
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
        stored += senders[i].stored;
        duplicates += senders[i].duplicates;
    }
    assert_int_equal(stored + duplicates, THREADS * REQUESTS_EACH * 3);
    /* "all-n" is stored once, whoever was first; "mine" in each version */
    assert_int_equal(duplicates, (THREADS - 1) * REQUESTS_EACH);
    assert_int_equal(w.record_count, stored);
    assert_contiguous(&w);
    ingest_stats(w.ingest, &stats);
    assert_int_equal(stats.acked_requests, THREADS * REQUESTS_EACH);
    assert_int_equal(stats.queue_depth, 0);
    /* who waits together shares one, and none needs two; that some wait together is not sure */
    assert_in_range(stats.fsyncs, 1, THREADS * REQUESTS_EACH);
    world_reopen(&w);
    assert_int_equal(w.record_count, stored);
    assert_contiguous(&w);
    world_free(&w);
}

#define SAME_REQUESTS 100

struct repeater {
    struct world *world;
    pthread_barrier_t *together; /* all send the next request at once */
    struct {
        uint64_t first_seq;
        bool replayed;
        char receipt[1024];
    } answers[SAME_REQUESTS];
    pthread_t thread;
};

static void *send_the_same(void *arg)
{
    struct repeater *r = arg;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    char key[32], body[64];
    struct error err;

    for (int i = 0; i < SAME_REQUESTS; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i);
        (void)snprintf(body, sizeof(body), "{\"v\":%d}\n{\"v\":%d}", i, i);
        struct ingest_request request = world_request(r->world, "Mine", slice_of(body));
        request.idempotency_key = slice_of(key);
        (void)pthread_barrier_wait(r->together);
        if (ingest_put(r->world->ingest, &request, arena, &answer, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        assert_true(answer.receipt.size > 0 &&
                    answer.receipt.size < sizeof(r->answers[i].receipt));
        r->answers[i].first_seq = answer.first_seq;
        r->answers[i].replayed = answer.replayed_key;
        memcpy(r->answers[i].receipt, answer.receipt.data, answer.receipt.size);
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

/* Of the records, which have no Id, nothing else keeps any from being stored again. */
static void one_key_at_once_is_stored_once(void **state)
{
    static struct repeater repeaters[THREADS];
    pthread_barrier_t together;
    struct world w;

    (void)state;
    world_new(&w);
    world_open(&w);
    (void)pthread_barrier_init(&together, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        repeaters[i] = (struct repeater){.world = &w, .together = &together};
        assert_int_equal(
            pthread_create(&repeaters[i].thread, NULL, send_the_same, &repeaters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(repeaters[i].thread, NULL);
    assert_int_equal(w.record_count, 2 * SAME_REQUESTS);
    for (int i = 0; i < SAME_REQUESTS; i++) {
        int first = 0;
        for (int t = 0; t < THREADS; t++) {
            first += !repeaters[t].answers[i].replayed;
            assert_int_equal(repeaters[t].answers[i].first_seq,
                             repeaters[0].answers[i].first_seq);
            assert_string_equal(repeaters[t].answers[i].receipt, repeaters[0].answers[i].receipt);
        }
        assert_int_equal(first, 1);
    }
    (void)pthread_barrier_destroy(&together);
    world_free(&w);
}

#define TABLES_LEFT 20

/* Each request is for a table of its own. */
static void *make_tables(void *arg)
{
    struct sender *s = arg;
    struct arena *arena = arena_new(MIB);
    struct ingest_answer answer;
    char table[32];

    for (int i = 0; i < REQUESTS_EACH; i++) {
        (void)snprintf(table, sizeof(table), "T%d_%d", s->number, i);
        enum status status = world_put(s->world, table, SLICE("{\"a\":1}"), arena, &answer);
        CHECK(status == STATUS_OK || status == STATUS_LIMIT);
        s->stored += status == STATUS_OK;
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

static void threads_do_not_pass_the_bound_of_tables_together(void **state)
{
    struct world w;
    struct sender senders[THREADS];
    size_t stored = 0;

    (void)state;
    world_new(&w);
    w.old_tables = TENANT_TABLES_MAX - TABLES_LEFT;
    world_open(&w);
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.world = &w, .number = i};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, make_tables, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
        stored += senders[i].stored;
    }
    assert_int_equal(stored, TABLES_LEFT);
    assert_int_equal(w.record_count, TABLES_LEFT);
    world_free(&w);
}

static void live_until_killed(struct world *w, uint32_t *acked, int first)
{
    struct sender senders[THREADS];
    struct error err;
    uint64_t floor;

    world_open(w);
    start(w, senders, acked, first);
    for (int i = 0; i < 3; i++) { /* the log stays whole: there is no store */
        if (ingest_rotate(w->ingest, &floor, &err) != STATUS_OK ||
            ingest_save(w->ingest, floor, &err) != STATUS_OK)
            break;
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(senders[i].thread, NULL);
}

static bool has_record(const struct world *w, const char *text)
{
    uint64_t hash = world_hash(slice_of(text));

    for (size_t i = 0; i < w->record_count; i++) {
        if (w->records[i].hash == hash)
            return true;
    }
    return false;
}

static void a_killed_process_has_lost_nothing_acknowledged(void **state)
{
    struct world w;
    struct rng rng = {4711};
    uint32_t *acked = mmap(NULL, THREADS * sizeof(*acked), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    world_new(&w);
    for (int kill_number = 0; kill_number < KILLS; kill_number++) {
        int first = kill_number * REQUESTS_EACH;
        for (int i = 0; i < THREADS; i++)
            acked[i] = (uint32_t)first;
        pid_t child = fork();
        if (child == 0) {
            live_until_killed(&w, acked, first);
            _exit(0);
        }
        struct timespec wait = {0, 1000000 + rng_below(&rng, 150) * 1000000};
        (void)nanosleep(&wait, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        world_open(&w);
        assert_contiguous(&w);
        for (int i = 0; i < THREADS; i++) {
            for (uint32_t j = (uint32_t)first; j < acked[i]; j++) {
                char text[64];
                (void)snprintf(text, sizeof(text), "{\"Id\":\"%d-%u\"}", i, j);
                if (!has_record(&w, text))
                    fail_msg("kill %d: %s was acknowledged and is gone", kill_number, text);
            }
        }
        world_close(&w);
    }
    world_free(&w);
    (void)munmap(acked, THREADS * sizeof(*acked));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_commits_and_lose_nothing),
        cmocka_unit_test(one_key_at_once_is_stored_once),
        cmocka_unit_test(threads_do_not_pass_the_bound_of_tables_together),
        cmocka_unit_test(a_killed_process_has_lost_nothing_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

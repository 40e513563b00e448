/* SPDX-License-Identifier: Apache-2.0 */
/* mv-expand and mv-apply: arrays, bags, nothing to expand, limits. */
#include "mixed.h"

#include <pthread.h>

/* Arrays of whole numbers have a way of their own; what is not one takes the other. */
static const struct ask wholes_cases[] = {
    {"print d = dynamic([1,-2,30]) | mv-expand d to typeof(long)", "[[1],[-2],[30]]"},
    {"print d = dynamic([1,-2,30]) | mv-expand d to typeof(long) limit 2", "[[1],[-2]]"},
    {"print d = parse_json('[999999999999999999,-999999999999999999]') | mv-expand d to "
     "typeof(long)",
     "[[999999999999999999],[-999999999999999999]]"},
    {"print d = parse_json('[9223372036854775807,1]') | mv-expand d to typeof(long)",
     "[[9223372036854775807],[1]]"},
    {"print d = parse_json('[ 1 , 2 ]') | mv-expand d to typeof(long)", "[[1],[2]]"},
    {"print d = dynamic([1,2.5,null,'7','x',[3]]) | mv-expand d to typeof(long)",
     "[[1],[2],[null],[null],[null],[null]]"},
    {"print d = dynamic([]) | mv-expand d to typeof(long)", "[]"},
    {"print d = dynamic([-1]), e = dynamic(['a','b']) | mv-expand d to typeof(long), e to "
     "typeof(string)",
     "[[-1,\"a\"],[null,\"b\"]]"},
    {"print d = dynamic(5) | mv-expand d to typeof(long)", "[[5]]"},
    /* Both ways within one batch. */
    {"datatable(d: dynamic)[dynamic([1,2]), dynamic(['x',3]), dynamic([4]), dynamic(null), "
     "dynamic([5,6])] | mv-expand with_itemindex=i d to typeof(long)",
     "[[1,0],[2,1],[null,0],[3,1],[4,0],[null,0],[5,0],[6,1]]"},
    {"range x from 1 to 3 step 1 | extend d = iff(x == 2, dynamic(['7']), range(x, x + 4999)) "
     "| mv-expand with_itemindex=i d to typeof(long) | summarize count(), sum(d), sum(i), "
     "countif(isnull(d)), sum(x)",
     "[[10001,25015000,24995000,1,20002]]"},
};
ASK_TEST(wholes, wholes_cases)

static const struct ask expands_cases[] = {
    {"print x = 1, d = dynamic([1, 'b', {\"c\":2}, null]) | mv-expand d",
     "[[1,1],[1,\"b\"],[1,{\"c\":2}],[1,null]]"},
    {"print a = dynamic([1, 2, 3]), b = dynamic(['x']) | mv-expand a, b",
     "[[1,\"x\"],[2,null],[3,null]]"},
    {"print d = dynamic({\"a\":1,\"b\":[2]}) | mv-expand d", "[[{\"a\":1}],[{\"b\":[2]}]]"},
    {"print d = dynamic({\"a\":1,\"b\":[2]}) | mv-expand kind=array d",
     "[[[\"a\",1]],[[\"b\",[2]]]]"},
    {"datatable(d: dynamic)[dynamic([]), dynamic({}), dynamic(null), dynamic(7)] | mv-expand d",
     "[[null],[7]]"},
    {"print d = dynamic([1, '2', true, null]) | mv-expand d to typeof(long)",
     "[[1],[null],[null],[null]]"},
    {"print d = dynamic([5, 6, 7]) | mv-expand with_itemindex=i d limit 2", "[[5,0],[6,1]]"},
    {"print d = range(1, 10000, 1) | mv-expand e = d to typeof(long) | summarize count(), sum(e)",
     "[[10000,50005000]]"},
    {"range x from 1 to 5000 step 1 | mv-expand d = range(1, 10) | take 7 | count", "[[7]]"},
    /* columns of the rows with the arrays, once a value */
    {"datatable(s: string, o: dynamic, n: long, d: dynamic)['a', dynamic({\"k\":1}), 1, "
     "dynamic([1,2,3]), 'b', dynamic(null), 2, dynamic([4,5]), 'a', dynamic([7]), 3, dynamic([])] "
     "| mv-expand d to typeof(long) | extend t = strcat(s, '!') | summarize sum(d), max(n), "
     "take_any(t), countif(isnull(o)) by s | sort by s asc",
     "[[\"a\",6,1,\"a!\",0],[\"b\",9,2,\"b!\",2]]"},
    {"range x from 1 to 3000 step 1 | extend s = strcat('s', x % 7), d = range(1, 4) | mv-expand d "
     "to typeof(long) | summarize c = count(), v = sum(d) by s | summarize count(), sum(c), sum(v)",
     "[[7,12000,30000]]"},
};
ASK_TEST(expands, expands_cases)

static const struct ask applies_cases[] = {
    {"datatable(k: long, d: dynamic)[1, dynamic([3, 1, 2]), 2, dynamic([]), 3, dynamic([9])] | "
     "mv-apply d to typeof(long) on (top 1 by d desc) | project k, d",
     "[[1,3],[3,9]]"},
    {"datatable(k: long, d: dynamic)[1, dynamic([3, 1, 2]), 2, dynamic(null)] | mv-apply d to "
     "typeof(long) on (summarize s = sum(d), c = count()) | project k, s, c",
     "[[1,6,3],[2,0,0]]"},
    {"range k from 1 to 300 step 1 | mv-apply e = range(1, k, 1) to typeof(long) on (where e % 2 "
     "== 0 | summarize s = sum(e), t = make_set(strcat('x', e))) | summarize sum(s), "
     "sum(array_length(t))",
     "[[2272550,22500]]"},
    {"range k from 1 to 100 step 1 | mv-apply e = range(1, 3, 1) on (take 1) | take 5 | count",
     "[[5]]"},
};
ASK_TEST(applies, applies_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | mv-expand y", "! column 'y' is not known"},
    {"range a from 1 to 100000 step 1 | mv-expand x = range(1, 1000, 1) | count",
     "! mv-expand gives more than"},
    {"print d = dynamic([1]) | mv-apply d on (where nosuch == 1)", "! nosuch"},
};
ASK_TEST(errors, errors_cases)

static const char *const alike[] = {
    "@ | mv-expand d | summarize count(), sum(id) by x = tostring(d) | sort by x asc",
    "@ | where id % 3 == 0 | mv-expand with_itemindex=k d to typeof(string), e = d to "
    "typeof(long) limit 2 | summarize count(), sum(e), sum(k) by d | sort by d asc",
    "@ | mv-expand kind=array d | where s startswith 'a' | summarize count(), sum(id) by s, "
    "x = tostring(d) | sort by s asc, x asc",
    "@ | where id % 11 == 0 | mv-apply d on (extend y = strcat(s, d) | summarize c = count(), "
    "z = make_set(y)) | summarize sum(c), count() by s, x = tostring(z) | sort by s asc, x asc",
    "@ | mv-expand d | where d == 'x' | summarize count(), sum(id)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

static const char *const hungry[] = {
    "@ | mv-expand d, e = range(1, 5, 1) to typeof(long) | extend x = strcat(s, d) | summarize "
    "count(), dcount(x), sum(e)",
    "@ | where id % 50 == 0 | mv-apply d on (summarize c = count(), z = make_set(strcat(s, d))) | "
    "summarize sum(c)",
    "@ | mv-expand kind=bag d | mv-expand kind=array d | summarize count() by tostring(d) | count",
};
MIXED_TEST(memory_is_bounded, mixed_starve, hungry)

/* Gives one batch to each thread, all at once, or counts how often it is read, which takes long
 * enough for the others to come. */
struct crowd {
    struct table_source source; /* first */
    bool is_slow;
    atomic_uint reads;
    pthread_barrier_t start;
};

struct member {
    struct crowd *crowd;
    struct scan_sink *sink;
    uint32_t worker;
    enum status status;
    struct error err;
};

static const struct schema *crowd_schema(struct table_source *source)
{
    static struct column columns[1] = {{{"a", 1}, TYPE_LONG}};
    static const struct schema schema = {columns, 1};

    (void)source;
    return &schema;
}

static void *crowd_take(void *context)
{
    static const int64_t numbers[] = {1, 2, 3};
    struct vector column = {.type = TYPE_LONG, .row_count = 3, .integers = numbers};
    const struct batch batch = {.row_count = 3, .column_count = 1, .columns = &column};
    struct member *m = context;
    bool stop = false;

    (void)pthread_barrier_wait(&m->crowd->start);
    m->status = m->sink->take(m->sink, m->worker, &batch, &stop, &m->err);
    return NULL;
}

static enum status crowd_scan(struct table_source *source, const struct scan_request *request,
                              struct scan_sink *sink, struct scan_stats *stats, struct error *err)
{
    struct crowd *crowd = (struct crowd *)source;
    struct member members[4];
    pthread_t threads[4];
    uint32_t count = crowd->is_slow ? 1 : request->thread_count;

    assert_in_range(count, 1, 4);
    assert_int_equal(request->column_count, 1);
    atomic_fetch_add(&crowd->reads, 1);
    if (crowd->is_slow)
        (void)nanosleep(&(struct timespec){0, 20000000}, NULL);
    stats->complete = true;
    (void)pthread_barrier_init(&crowd->start, NULL, count);
    for (uint32_t i = 0; i < count; i++) {
        members[i] = (struct member){.crowd = crowd, .sink = sink, .worker = i};
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_take, &members[i]), 0);
    }
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
        if (members[i].status != STATUS_OK) {
            status = members[i].status;
            *err = members[i].err;
        }
    }
    (void)pthread_barrier_destroy(&crowd->start);
    return status;
}

static enum status crowd_find(void *context, struct slice name, struct table_source **ret,
                              struct error *err)
{
    struct crowd *crowds = context;

    if (!slice_is(name, "Many") && !slice_is(name, "Slow"))
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is no such table");
    *ret = &crowds[slice_is(name, "Slow")].source;
    return STATUS_OK;
}

/* What is materialized is there before the threads that read it come at once. */
static void what_is_materialized_is_read_once(void **state)
{
    static const struct table_source_ops ops = {crowd_schema, crowd_scan, NULL, NULL};
    struct crowd crowds[2] = {{{&ops}, .is_slow = false}, {{&ops}, .is_slow = true}};
    const struct query_env env = {.context = crowds, .table = crowd_find};
    struct query_request request = {
        .text = SLICE("let m = materialize(Slow | extend b = a * 10); Many | extend l = "
                      "range(1, a, 1) | mv-apply e = l to typeof(long) on (join kind=inner (m) "
                      "on $left.e == $right.a | summarize n = sum(b)) | summarize sum(n), count()"),
        .env = &env,
        .thread_count = 4};
    struct mixed_answer answer = {.sink = {.begin = mixed_begin, .rows = mixed_rows}};
    struct error err;

    (void)state;
    buf_init(&answer.text, MIB);
    ASSERT_OK(query_run(&request, &answer.sink, &answer.stats, &err));
    ASSERT_SLICE(buf_slice(&answer.text), "400|12\n");
    assert_int_equal(crowds[0].reads, 1);
    assert_int_equal(crowds[1].reads, 1);
    buf_release(&answer.text);
}

ASK_MAIN(cmocka_unit_test(wholes),
         cmocka_unit_test(expands),
         cmocka_unit_test(applies),
         cmocka_unit_test(errors),
         cmocka_unit_test(encodings_do_not_matter),
         cmocka_unit_test(memory_is_bounded),
         cmocka_unit_test(what_is_materialized_is_read_once))

/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that comes while the program runs: each answer is right, or says that it is not. */
#include "place.h"

#include "generate/stream.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct error err;

#define RECORDS 6000u
#define STEP_BYTES ((off_t)CIPHER_CHUNK_BYTES) /* all that is sealed as one is hit once */
#define FIRST_BYTE ((off_t)20)                 /* in the head of a file */
#define SEGMENTS_MAX 8u
#define STRIDE 53u /* of all trials so many are one: a prime, so that each question has its turn */

static const char *const QUERIES[] = {
    "AuditRecords | count",
    "AuditRecords | summarize count() by Operation | order by Operation asc",
    "AuditRecords | summarize count(), dcount(UserId) by bin(CreationTime, 1d) | order by "
    "CreationTime asc",
    "AuditRecords | where Operation == 'MailItemsAccessed' | count",
    "AuditRecords | where UserId has 'contoso' or UserId has 'com' | summarize count(), "
    "min(CreationTime), max(CreationTime)",
    "AuditRecords | where * has 'mailitemsaccessed' | count",
    "AuditRecords | project Id | order by Id asc | take 7",
    "AuditRecords | top 9 by CreationTime desc | project _Seq | order by _Seq asc",
    "AuditRecords | top 9 by _Seq desc | project _Seq, Operation",
    "AuditRecords | where ClientIP startswith '1' | summarize count() by ClientIP | order "
    "by ClientIP asc | take 20",
    "AuditRecords | distinct UserId, Operation | order by UserId asc, Operation asc",
    "OfficeActivity | summarize count() by OfficeWorkload, UserType | order by "
    "OfficeWorkload asc, UserType asc",
    "OfficeActivity | where Client_IPAddress != '' | summarize arg_max(TimeGenerated, "
    "OfficeId) by UserId | order by UserId asc",
    "print x = toscalar(AuditRecords | summarize dcount(Id))",
    "let ids = AuditRecords | where _Seq % 3 == 0 | project Id; AuditRecords | where Id in "
    "(ids) | count",
    "AuditRecords | join kind=inner (AuditRecords | summarize n = count() by UserId) on "
    "UserId | summarize sum(n)",
    "T_CL | lookup (T_CL | summarize m = max(n) by k) on k | summarize sum(m), count()",
    "T_CL | getschema | order by ColumnName asc",
    "T_CL | summarize count() by k | order by k asc",
    "T_CL | where w has 'w17' | project n | order by n asc",
    "T_CL | where w == 'w17 x' | count",
    "T_CL | where n between (500 .. 700) | summarize sum(n)",
    "T_CL | mv-expand a | summarize count() by tostring(a) | order by a asc | take 30",
    "T_CL | mv-expand a to typeof(long) | where a == 3 | count",
    "T_CL | extend b = todynamic(tostring(d)) | evaluate bag_unpack(d) | summarize "
    "count(), sum(p)",
    "T_CL | evaluate pivot(k, count(), w) | count",
    "T_CL | make-series count() on TimeGenerated from datetime(2024-01-01) to "
    "datetime(2024-01-05) step 1d by k | order by k asc",
    "union withsource=t AuditRecords, T_CL | summarize count() by t | order by t asc",
    "search in (T_CL) 'w17' | count",
    "find where k == 'k3' project n | count",
    "T_CL | partition by k (top 1 by n desc) | summarize sum(n)",
    "T_CL | summarize make_set(w), make_list(d.p, 10) by k | extend z = "
    "array_length(set_w) | project k, z | order by k asc",
    "let m = materialize(T_CL | where n > 10); union (m | count), (m | summarize Count = "
    "max(n)) | order by Count asc",
    "T_CL | where isempty(late) | count",
    "T_CL | where isnotempty(column_ifexists('late', '')) | count",
    "T_CL | sample-distinct 1000 of w | count",
    "T_CL | count as n",
    "T_CL | sort by n asc | extend r = row_number() | where r % 500 == 0 | project n",
    "T_CL | reduce by w | count",
    "T_CL | facet by k",
    "T_CL | where n > 100000 | count",
    "T_CL | where k == 'no such' | count",
    "T_CL | where w has 'nosuchword' | count",
    "range x from 1 to 3 step 1 | extend y = toscalar(T_CL | summarize max(n)) | summarize "
    "sum(y)",
    "T_CL | where n in (toscalar(T_CL | summarize max(n))) | count",
};
#define QUERY_COUNT (sizeof(QUERIES) / sizeof(QUERIES[0]))

static const char *const READS[] = {
    "/v1/raw?from-seq=1&count=9000",
    "/v1/raw?from-seq=3100&count=3",
};
#define QUESTION_COUNT (QUERY_COUNT + sizeof(READS) / sizeof(READS[0]))

struct walk {
    struct place *place;
    char token[TOKEN_BYTES];
    char paths[SEGMENTS_MAX][512];
    uint32_t path_count;
    char *right[QUESTION_COUNT];
    uint32_t told, exact;
};

/* ---- what is stored ---- */

static void put_generated(struct place *place)
{
    struct stream_options options;
    struct stream_record record;
    struct stream *stream;
    struct buf body;

    stream_default_options(&options);
    options.record_count = RECORDS;
    options.tenant_count = 1;
    options.user_count = 40;
    options.day_count = 20;
    options.is_clean = true;
    ASSERT_OK(stream_new(&options, &stream, &err));
    buf_init(&body, 64 * MIB);
    for (uint32_t i = 1; stream_next(stream, &record); i++) {
        buf_add_slice(&body, record.text);
        buf_add_byte(&body, '\n');
        if (i % (RECORDS / 2) != 0)
            continue;
        buf_add_byte(&body, '\0');
        place_ingest(place, "alpha", "AuditRecords", body.data);
        ASSERT_OK(daybook_checkpoint(place->daybook, &err));
        buf_clear(&body);
    }
    buf_release(&body);
    stream_free(stream);
}

/* Records of a table whose columns are those of its records: of `late` only the second half
 * tells. */
static void put_own(struct place *place, uint32_t from, uint32_t to)
{
    struct buf body;

    buf_init(&body, 64 * MIB);
    for (uint32_t n = from; n < to; n++) {
        uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15);
        buf_add_format(&body,
                       "{\"TimeGenerated\":\"2024-01-0%uT00:00:%02u.%07uZ\",\"n\":%u,"
                       "\"k\":\"k%u\",\"w\":\"w%u x\",\"a\":[%u,%u],",
                       1 + n / 2000, n % 60, (unsigned)(h >> 41), n, n % 9,
                       (unsigned)(h >> 33) % 300, n % 7, (unsigned)(h >> 21) % 5000);
        buf_add_format(&body, "\"d\":{\"p\":%u,\"q\":\"%016llx%016llx\"}%s}\n",
                       (unsigned)(h >> 50), (unsigned long long)h,
                       (unsigned long long)(h * h * 7 + n),
                       n >= RECORDS / 2 ? ",\"late\":\"yes\"" : "");
    }
    buf_add_byte(&body, '\0');
    place_ingest(place, "alpha", "T_CL", body.data);
    buf_release(&body);
    ASSERT_OK(daybook_checkpoint(place->daybook, &err));
}

static void find_segments(struct walk *w)
{
    char path[256];
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "%s/seg", w->place->root);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (slice_ends_with(slice_of(entry->d_name), SLICE(".seg")) &&
            w->path_count < SEGMENTS_MAX)
            (void)snprintf(w->paths[w->path_count++], sizeof(w->paths[0]), "%s/%s", path,
                           entry->d_name);
    }
    (void)closedir(dir);
}

/* ---- questions ---- */

static unsigned ask(struct walk *w, uint32_t question)
{
    struct buf body;

    if (question >= QUERY_COUNT)
        return place_ask(w->place, w->token, HTTP_GET, READS[question - QUERY_COUNT], "");
    buf_init(&body, MIB);
    buf_add_format(&body, "{\"query\":\"%s\"}%c", QUERIES[question], '\0');
    unsigned status = place_ask(w->place, w->token, HTTP_POST, "/v1/query", body.data);
    buf_release(&body);
    return status;
}

/* The rows alone, without what it cost. */
static struct slice rows_of(const struct place *place)
{
    const char *end = strstr(place_body(place), "],\"complete\":true");

    return end == NULL ? slice_of(place_body(place))
                       : slice_from(place_body(place), (size_t)(end - place_body(place)));
}

static void learn_what_is_right(struct walk *w)
{
    for (uint32_t i = 0; i < QUESTION_COUNT; i++) {
        if (ask(w, i) != 200 || (i < QUERY_COUNT && !place_says(w->place, "\"complete\":true")))
            fail_msg("question %u: %s", i, place_body(w->place));
        struct slice rows = rows_of(w->place);
        w->right[i] = strndup(rows.data, rows.size);
        assert_non_null(w->right[i]);
    }
}

static void judge(struct walk *w, unsigned status, uint32_t question, const char *what)
{
    const struct place *place = w->place;
    /* A column that only rows have that cannot be read is not known. */
    bool is_told = (status == 200 && place_says(place, "\"complete\":false")) ||
                   (status == 410 && place_says(place, "\"records_lost\"")) ||
                   (status == 400 && place_says(place, "column 'late' is not known"));

    w->told += is_told;
    if (is_told)
        return;
    if (status != 200 || !slice_equal(rows_of(place), slice_of(w->right[question])))
        fail_msg("%s, question %u: got %u %s, not %s", what, question, status,
                 place_body(place), w->right[question]);
    w->exact++;
}

static void flip(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
}

/* What was asked in this process, of which something is cached, before the question. */
enum before { NOTHING, THE_SAME, ANOTHER, ANOTHER_THAT_MET_IT, BEFORE_COUNT_ };

static void try_one(struct walk *w, const char *path, off_t at, enum before before,
                    uint32_t question)
{
    const uint32_t another = (uint32_t)((question * 7 + 3) % QUESTION_COUNT);
    char what[640];

    place_close(w->place, false);
    place_open(w->place);
    if (before == THE_SAME)
        (void)ask(w, question);
    if (before == ANOTHER)
        (void)ask(w, another);
    flip(path, at);
    if (before == ANOTHER_THAT_MET_IT)
        (void)ask(w, another);
    (void)snprintf(what, sizeof(what), "%s at %ld, before %d", path, (long)at, (int)before);
    judge(w, ask(w, question), question, what);
    flip(path, at);
}

static void answers_are_right_or_say_that_they_are_not(void **state)
{
    struct walk w = {.place = *state};
    struct stat file;
    uint32_t trial = 0;

    place_add_tenant(w.place, "alpha");
    place_add_token(w.place, "alpha", "analyst", "", w.token);
    put_generated(w.place);
    put_own(w.place, 0, RECORDS / 2);
    put_own(w.place, RECORDS / 2, RECORDS);
    find_segments(&w);
    learn_what_is_right(&w);
    for (uint32_t p = 0; p < w.path_count; p++) {
        assert_int_equal(stat(w.paths[p], &file), 0);
        for (off_t at = FIRST_BYTE; at < file.st_size; at += STEP_BYTES) {
            for (uint32_t i = 0; i < BEFORE_COUNT_ * QUESTION_COUNT; i++) {
                if (trial++ % STRIDE == 0)
                    try_one(&w, w.paths[p], at, i % BEFORE_COUNT_, i / BEFORE_COUNT_);
            }
        }
    }
    assert_true(w.told > 0 && w.exact > 0);
    for (uint32_t i = 0; i < QUESTION_COUNT; i++)
        free(w.right[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(answers_are_right_or_say_that_they_are_not),
    };

    return RUN_TESTS(tests);
}

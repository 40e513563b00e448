/* SPDX-License-Identifier: Apache-2.0 */
/* Damage anywhere in the database is seen at the next start and made good from the copy,
 * unless that is older than what was answered. */
#include "control_plane.h"

#include "base/buf.h"

#define STEP 61
#define COUNTER_AT 24
#define FREE_COUNT_AT 36
#define MANY_BYTES (6 * MIB) /* more pages than are kept apart */

static struct error err;

static void get(struct control_plane *p, const char *name, struct buf *ret)
{
    buf_init(ret, MIB);
    ASSERT_OK(io_read_all(p->io, name, ret, &err));
}

static void put(struct control_plane *p, const char *name, struct slice bytes)
{
    ASSERT_OK(io_replace(p->io, name, bytes, &err));
}

static void fill(struct control_plane *p)
{
    struct meta_tenant tenant;
    struct meta_token token = {.role = 1, .name = SLICE("n"), .table = SLICE("")};
    char text[TOKEN_TEXT_BYTES];
    struct guid id;

    ASSERT_OK(meta_tenant_add(p->meta, SLICE("contoso"), NULL, &tenant, p->arena, &err));
    token.tenant = tenant.id;
    ASSERT_OK(meta_token_add(p->meta, &token, text, &id, &err));
    ASSERT_OK(set_setting(p->meta, SLICE("a"), SLICE("one"), &err));
}

static void shut(struct control_plane *p)
{
    meta_close(p->meta);
    p->meta = NULL;
}

/* It opens as it was filled. */
static void expect_filled(struct control_plane *p, bool is_restored)
{
    struct meta_tenant tenant;
    struct meta_token *tokens;
    struct slice value;
    uint32_t count = 0;

    ASSERT_OK(control_plane_open(p, false, &err));
    assert_int_equal(meta_is_restored(p->meta), is_restored);
    ASSERT_OK(meta_tenant_find(p->meta, SLICE("contoso"), &tenant, p->arena, &err));
    ASSERT_OK(meta_token_list(p->meta, NULL, p->arena, &tokens, &count, &err));
    assert_int_equal(count, 1);
    ASSERT_OK(meta_setting_get(p->meta, SLICE("a"), p->arena, &value, &err));
    ASSERT_SLICE(value, "one");
    shut(p);
}

static void any_changed_byte_is_made_good(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes;

    fill(p);
    shut(p);
    get(p, "db", &bytes);
    for (size_t at = 0; at < bytes.size; at += STEP) {
        if (at >= COUNTER_AT && at < COUNTER_AT + 4)
            continue;
        bytes.data[at] ^= 4;
        put(p, "db", buf_slice(&bytes));
        expect_filled(p, true);
        bytes.data[at] ^= 4;
    }
    assert_true(io_exists(p->io, "db.damaged"));
    buf_release(&bytes);
}

static void a_cut_or_missing_database_is_made_good(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes;

    fill(p);
    shut(p);
    get(p, "db", &bytes);
    for (size_t size = 0; size < bytes.size; size += 512) {
        put(p, "db", slice_head(buf_slice(&bytes), size));
        expect_filled(p, true);
    }
    ASSERT_OK(io_unlink(p->io, "db", &err));
    expect_filled(p, true);
    buf_release(&bytes);
}

/* It would be rolled back into the copy. */
static void the_journal_of_a_missing_database_is_set_aside(void **state)
{
    struct control_plane *p = *state;

    fill(p);
    shut(p);
    ASSERT_OK(io_unlink(p->io, "db", &err));
    put(p, "db-journal", SLICE("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and what else there was"));
    expect_filled(p, true);
    assert_false(io_exists(p->io, "db-journal"));
    assert_true(io_exists(p->io, "db-journal.damaged"));
}

/* The name of a tenant is no structure: only the sum sees it. */
static void two_damages_refuse_the_start_and_say_what_to_do(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes, copy;

    fill(p);
    shut(p);
    get(p, "db", &bytes);
    get(p, "db.copy", &copy);
    char *name = memmem(bytes.data, bytes.size, "contoso", 7);
    assert_non_null(name);
    name[0] = 'b';
    copy.data[copy.size - 1] ^= 1;
    put(p, "db", buf_slice(&bytes));
    put(p, "db.copy", buf_slice(&copy));
    ASSERT_STATUS(STATUS_CORRUPT, control_plane_open(p, false, &err));
    assert_non_null(strstr(err.text, "put 'db' back from a backup, without 'db.sum'"));
    assert_false(io_exists(p->io, "db.damaged")); /* nothing was touched */
    copy.data[copy.size - 1] ^= 1;
    put(p, "db.copy", buf_slice(&copy));
    expect_filled(p, true);
    put(p, "db", SLICE("nonsense")); /* and nobody knows of what state the copy is */
    ASSERT_OK(io_unlink(p->io, "db.sum", &err));
    ASSERT_STATUS(STATUS_CORRUPT, control_plane_open(p, false, &err));
    buf_release(&bytes);
    buf_release(&copy);
}

/* The sum is missing from its own file, and is where a name was in the database. */
static void a_sum_that_was_written_into_the_database_is_seen(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes, sum;

    fill(p);
    shut(p);
    get(p, "db", &bytes);
    get(p, "db.sum", &sum);
    char *name = memmem(bytes.data, bytes.size, "contoso", 7);
    assert_non_null(name);
    memcpy(name - 8, sum.data, 16);
    put(p, "db", buf_slice(&bytes));
    put(p, "db.sum", SLICE(""));
    expect_filled(p, true);
    buf_release(&bytes);
    buf_release(&sum);
}

/* A token that was revoked does not come back: the copy does not count. */
static void a_copy_of_another_state_does_not_count(void **state)
{
    struct control_plane *p = *state;
    struct buf copy;

    fill(p);
    get(p, "db.copy", &copy);
    ASSERT_OK(set_setting(p->meta, SLICE("a"), SLICE("two"), &err));
    shut(p);
    put(p, "db.copy", buf_slice(&copy));
    put(p, "db", SLICE("nonsense"));
    ASSERT_STATUS(STATUS_CORRUPT, control_plane_open(p, false, &err));
    buf_release(&copy);
}

static void copy_and_sum_are_made_good_at_the_start(void **state)
{
    struct control_plane *p = *state;
    struct buf old, now, copy;

    get(p, "db.sum", &old);
    fill(p);
    shut(p);
    put(p, "db.sum", buf_slice(&old)); /* a crash before the new one was written */
    put(p, "db.copy", SLICE("half"));
    expect_filled(p, false);
    get(p, "db.sum", &now);
    assert_false(slice_equal(buf_slice(&old), buf_slice(&now)));
    get(p, "db.copy", &copy);
    buf_release(&old);
    get(p, "db", &old);
    assert_true(slice_equal(buf_slice(&old), buf_slice(&copy)));
    now.data[20] ^= 1;
    put(p, "db.sum", buf_slice(&now));
    expect_filled(p, false);
    ASSERT_OK(io_unlink(p->io, "db.copy", &err));
    expect_filled(p, false);
    control_plane_do(p, "UPDATE settings SET value='two'"); /* by another program */
    ASSERT_OK(control_plane_open(p, false, &err));
    shut(p);
    put(p, "db", SLICE("nonsense"));
    ASSERT_OK(control_plane_open(p, false, &err));
    assert_true(meta_is_restored(p->meta));
    buf_release(&old);
    buf_release(&now);
    buf_release(&copy);
}

static char body[60000];

/* A watchlist comes and goes: its pages are free. */
static void free_pages(struct control_plane *p)
{
    struct meta_document document = {
        .name = SLICE("d"), .body = slice_from(body, sizeof(body)), .items = 1};

    fill(p);
    memset(body, 'x', sizeof(body));
    ASSERT_OK(meta_document_put(p->meta, &(struct guid){{1}}, META_WATCHLIST, &document, &err));
    ASSERT_OK(meta_document_remove(p->meta, &(struct guid){{1}}, META_WATCHLIST, SLICE("d"),
                                   &err));
    shut(p);
}

/* What was in the free pages before is not in the journal, so it is not put back. */
static void a_rollback_over_free_pages_is_no_damage(void **state)
{
    struct control_plane *p = *state;
    struct buf before, bytes, journal;
    sqlite3 *db = NULL;

    free_pages(p);
    get(p, "db", &before);
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA cache_size=1; BEGIN;"
                                  "INSERT INTO settings VALUES('long',zeroblob(30000));"
                                  "INSERT INTO settings VALUES('longer',zeroblob(90000));",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    get(p, "db", &bytes); /* in the middle of it, as a crash leaves it */
    get(p, "db-journal", &journal);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    put(p, "db", buf_slice(&bytes));
    put(p, "db-journal", buf_slice(&journal));
    expect_filled(p, false);
    assert_false(io_exists(p->io, "db.damaged"));
    buf_clear(&bytes);
    ASSERT_OK(io_read_all(p->io, "db", &bytes, &err));
    assert_int_equal(bytes.size, before.size); /* else this was no test */
    assert_memory_not_equal(bytes.data, before.data, bytes.size);
    put(p, "db", SLICE("nonsense")); /* and the copy counts */
    expect_filled(p, true);
    buf_release(&before);
    buf_release(&bytes);
    buf_release(&journal);
}

/* Nobody reads what is in a free page; what tells that it is free is no free page. */
static void a_changed_byte_counts_but_in_free_pages(void **state)
{
    struct control_plane *p = *state;
    uint32_t noticed = 0, borne = 0;
    struct buf bytes;

    free_pages(p);
    get(p, "db", &bytes);
    for (size_t page = 0; page < bytes.size / 4096; page++) {
        size_t at = page * 4096 + (page * 997 + 100) % 4096;
        bytes.data[at] ^= 4;
        put(p, "db", buf_slice(&bytes));
        ASSERT_OK(control_plane_open(p, false, &err));
        meta_is_restored(p->meta) ? noticed++ : borne++;
        shut(p);
        expect_filled(p, false);
        bytes.data[at] ^= 4;
        put(p, "db", buf_slice(&bytes));
        expect_filled(p, false);
    }
    assert_true(noticed >= 7); /* the header, six tables and indexes, the list of free pages */
    assert_int_equal(borne, (uint8_t)bytes.data[FREE_COUNT_AT + 3] - 1); /* one is the list */
    assert_true(borne > 10);
    buf_release(&bytes);
}

/* Only what was written is summed anew, so damage beside it does not become what counts. */
static void damage_while_it_is_open_is_seen_at_the_next_start(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes;

    fill(p);
    get(p, "db", &bytes);
    const char *name = memmem(bytes.data, bytes.size, "contoso", 7);
    assert_non_null(name);
    FILE *file = fopen(p->path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, name - bytes.data, SEEK_SET), 0);
    assert_int_equal(fputc('b', file), 'b');
    assert_int_equal(fclose(file), 0);
    ASSERT_OK(set_setting(p->meta, SLICE("a"), SLICE("one"), &err));
    shut(p);
    expect_filled(p, true);
    buf_release(&bytes);
}

static void expect_equal_copy(struct control_plane *p)
{
    struct buf bytes, copy;

    buf_init(&bytes, 4 * MANY_BYTES);
    buf_init(&copy, 4 * MANY_BYTES);
    ASSERT_OK(io_read_all(p->io, "db", &bytes, &err));
    ASSERT_OK(io_read_all(p->io, "db.copy", &copy, &err));
    assert_true(slice_equal(buf_slice(&bytes), buf_slice(&copy)));
    buf_release(&bytes);
    buf_release(&copy);
}

static void the_copy_follows_large_changes(void **state)
{
    struct control_plane *p = *state;
    char *many = malloc(MANY_BYTES);
    struct meta_document document = {
        .name = SLICE("d"), .body = slice_from(many, MANY_BYTES), .items = 1};

    assert_non_null(many);
    fill(p);
    for (int i = 0; i < 2; i++) {
        memset(many, 'x' + i, MANY_BYTES);
        ASSERT_OK(meta_document_put(p->meta, &(struct guid){{1}}, META_WATCHLIST, &document,
                                    &err));
        expect_equal_copy(p);
        ASSERT_OK(set_setting(p->meta, SLICE("b"), SLICE("small"), &err));
        expect_equal_copy(p);
    }
    ASSERT_OK(meta_document_remove(p->meta, &(struct guid){{1}}, META_WATCHLIST, SLICE("d"),
                                   &err));
    expect_equal_copy(p);
    shut(p);
    expect_filled(p, false);
    put(p, "db", SLICE("nonsense"));
    expect_filled(p, true);
    free(many);
}

/* The database became shorter, and longer. */
static void the_copy_follows_the_size(void **state)
{
    struct control_plane *p = *state;
    struct meta_document document = {
        .name = SLICE("d"), .body = slice_from(body, sizeof(body)), .items = 1};

    fill(p);
    memset(body, 'x', sizeof(body));
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(meta_document_put(p->meta, &(struct guid){{1}}, META_WATCHLIST, &document,
                                    &err));
        if (i == 1) {
            ASSERT_OK(meta_document_remove(p->meta, &(struct guid){{1}}, META_WATCHLIST,
                                           SLICE("d"), &err));
            control_plane_do(p, "VACUUM");
        }
        shut(p);
        expect_filled(p, false);
        put(p, "db", SLICE("nonsense"));
        expect_filled(p, true);
        ASSERT_OK(control_plane_open(p, false, &err));
    }
}

/* No sum can be made of it, which must not be what ends it. */
static void one_that_is_too_large_has_no_copy_and_opens(void **state)
{
    struct control_plane *p = *state;
    const struct meta_document document = {.name = SLICE("d"),
                                           .body = slice_from(body, sizeof(body))};

    fill(p);
    ASSERT_OK(meta_document_put(p->meta, &(struct guid){{1}}, META_WATCHLIST, &document, &err));
    shut(p);
    p->bytes_max = 40000;
    for (uint32_t i = 1; i <= 2; i++) { /* with a sum, then without */
        ASSERT_OK(control_plane_open(p, false, &err));
        assert_false(meta_is_restored(p->meta));
        ASSERT_OK(set_setting(p->meta, SLICE("b"), SLICE("two"), &err));
        ASSERT_OK(set_setting(p->meta, SLICE("b"), SLICE("three"), &err));
        assert_int_equal(p->unsealed, i);
        assert_false(io_exists(p->io, "db.sum"));
        assert_false(io_exists(p->io, "db.copy"));
        shut(p);
    }
    expect_filled(p, false);
    p->bytes_max = 0;
    expect_filled(p, false);
    put(p, "db", SLICE("nonsense")); /* its copy is there again */
    expect_filled(p, true);
    struct buf bytes;
    get(p, "db", &bytes);
    p->bytes_max = bytes.size;
    buf_add_text(&bytes, "more");
    put(p, "db", buf_slice(&bytes)); /* too large for the sum it has */
    expect_filled(p, true);
    buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(any_changed_byte_is_made_good),
        META_TEST(a_cut_or_missing_database_is_made_good),
        META_TEST(the_journal_of_a_missing_database_is_set_aside),
        META_TEST(a_sum_that_was_written_into_the_database_is_seen),
        META_TEST(two_damages_refuse_the_start_and_say_what_to_do),
        META_TEST(a_copy_of_another_state_does_not_count),
        META_TEST(copy_and_sum_are_made_good_at_the_start),
        META_TEST(a_rollback_over_free_pages_is_no_damage),
        META_TEST(a_changed_byte_counts_but_in_free_pages),
        META_TEST(damage_while_it_is_open_is_seen_at_the_next_start),
        META_TEST(the_copy_follows_large_changes),
        META_TEST(the_copy_follows_the_size),
        META_TEST(one_that_is_too_large_has_no_copy_and_opens),
    };

    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "tree.h"

#include "base/limits.h"
#include "crypt/keyring_local.h"
#include "share/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <unistd.h>

struct fixture {
    char root[64], db[96], kek[96];
    struct io *io;
    struct keyring *keyring;
    struct documents documents;
    struct arena *arena;
};

static struct error err;
static const struct guid tenant = {{7}}, everybody;

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/daybook-document-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->db, sizeof(f->db), "%s/db", f->root);
    (void)snprintf(f->kek, sizeof(f->kek), "%s/kek", f->root);
    ASSERT_OK(io_linux_new(f->root, &f->io, &err));
    ASSERT_OK(io_make_dir(f->io, "keys", &err));
    ASSERT_OK(keyring_local_create(f->io, f->kek, SLICE("test.example"), &err));
    ASSERT_OK(keyring_local_open(f->io, f->kek, &f->keyring, &err));
    ASSERT_OK(keyring_create_tenant(f->keyring, &tenant, &err));
    const struct meta_options options = {
        .io = f->io, .path = "db", .clock = clock_system(), .create = true};
    ASSERT_OK(meta_open(&options, &f->documents.meta, &err));
    f->documents.keyring = f->keyring;
    f->arena = arena_new(64 * MIB);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    meta_close(f->documents.meta);
    keyring_free(f->keyring);
    io_free(f->io);
    arena_free(f->arena);
    (void)tree_remove(f->root);
    free(f);
    return 0;
}

static enum status put(struct fixture *f, const struct guid *whose, enum meta_document_kind kind,
                       const char *name, const char *text)
{
    const struct meta_document plain = {.name = slice_of(name), .body = slice_of(text)};

    return document_put(&f->documents, whose, kind, &plain, f->arena, &err);
}

static void what_is_put_comes_back(void **state)
{
    struct fixture *f = *state;
    struct meta_document got;

    ASSERT_OK(put(f, &tenant, META_WATCHLIST, "vip users", "Name,Level\nann,1\nbob\n"));
    ASSERT_OK(document_get(&f->documents, &tenant, META_WATCHLIST, SLICE("vip users"), f->arena,
                           &got, &err));
    ASSERT_SLICE(got.body, "Name,Level\nann,1\nbob\n");
    assert_int_equal(got.items, 2);
    ASSERT_OK(put(f, &everybody, META_FUNCTION, "Twice", "(x:long) { x * 2 }"));
    ASSERT_OK(document_get(&f->documents, &everybody, META_FUNCTION, SLICE("Twice"), f->arena,
                           &got, &err));
    ASSERT_SLICE(got.body, "(x:long) { x * 2 }");
    ASSERT_OK(put(f, &everybody, META_FUNCTION, "Twice", "(x:long) { x * 2 } // doubled"));
}

static void a_tenants_text_is_not_readable_on_the_disk(void **state)
{
    struct fixture *f = *state;
    char bytes[65536];
    FILE *file;

    ASSERT_OK(put(f, &tenant, META_WATCHLIST, "vips", "Name\ncanary-77\n"));
    file = fopen(f->db, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    assert_true(size > 0);
    assert_int_equal(slice_find(slice_from(bytes, size), SLICE("canary-77"), 0), SIZE_MAX);
}

/* As security.md promises, of the instance as of others. */
static void a_list_of_the_instance_is_not_readable_on_the_disk(void **state)
{
    struct fixture *f = *state;
    struct meta_document got;
    char bytes[65536];

    ASSERT_OK(keyring_create_tenant(f->keyring, &everybody, &err));
    ASSERT_OK(put(f, &everybody, META_WATCHLIST, "vips", "Name\ncanary-78\n"));
    FILE *file = fopen(f->db, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    assert_true(size > 0);
    assert_int_equal(slice_find(slice_from(bytes, size), SLICE("canary-78"), 0), SIZE_MAX);
    ASSERT_OK(document_get(&f->documents, &everybody, META_WATCHLIST, SLICE("vips"), f->arena, &got,
                           &err));
    ASSERT_SLICE(got.body, "Name\ncanary-78\n");
}

/* They were kept as they came. */
static void a_list_of_the_instance_of_an_older_release_is_read(void **state)
{
    static const char *const texts[] = {"Name\nx\n",
                                        "Name\nsomebody-whose-name-is-longer-than-an-overhead\n"};
    struct fixture *f = *state;
    struct meta_document got;

    ASSERT_OK(keyring_create_tenant(f->keyring, &everybody, &err));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct meta_document plain = {.name = SLICE("old"), .body = slice_of(texts[i])};
        ASSERT_OK(meta_document_put(f->documents.meta, &everybody, META_WATCHLIST, &plain, &err));
        ASSERT_OK(document_get(&f->documents, &everybody, META_WATCHLIST, SLICE("old"), f->arena,
                               &got, &err));
        assert_true(slice_is(got.body, texts[i]));
    }
}

static void a_body_under_another_name_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct meta_document got;
    sqlite3 *db = NULL;

    ASSERT_OK(put(f, &tenant, META_WATCHLIST, "a", "Name\nx\n"));
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE documents SET name='b'", NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(db);
    ASSERT_STATUS(STATUS_CORRUPT, document_get(&f->documents, &tenant, META_WATCHLIST, SLICE("b"),
                                               f->arena, &got, &err));
    ASSERT_OK(keyring_create_tenant(f->keyring, &everybody, &err));
    ASSERT_OK(meta_document_get(f->documents.meta, &tenant, META_WATCHLIST, SLICE("b"), f->arena,
                                &got, &err));
    got.name = SLICE("b");
    ASSERT_OK(meta_document_put(f->documents.meta, &everybody, META_WATCHLIST, &got, &err));
    ASSERT_STATUS(STATUS_CORRUPT, document_get(&f->documents, &everybody, META_WATCHLIST,
                                               SLICE("b"), f->arena, &got, &err));
}

static void what_is_wrong_is_refused(void **state)
{
    static const struct {
        enum meta_document_kind kind;
        const char *name, *text, *says;
    } cases[] = {
        {META_WATCHLIST, "", "A\n", "is no name"},
        {META_WATCHLIST, "a/b", "A\n", "is no name"},
        {META_WATCHLIST, "a", "", "names its columns"},
        {META_WATCHLIST, "a", "A,A\n", "there twice"},
        {META_WATCHLIST, "a", "A,,B\n", "empty"},
        {META_WATCHLIST, "a", "SearchKey\n", "SearchKey"},
        {META_WATCHLIST, "a", "A\nx,y\n", "row 1 has 2 cells, the first line 1"},
        {META_WATCHLIST, "a", "A\n\"x", "not closed"},
        {META_WATCHLIST, "a", "A\n\xff\n", "UTF-8"},
        {META_FUNCTION, "9x", "() { 1 }", "no digit first"},
        {META_FUNCTION, "a-b", "() { 1 }", "is no name"},
        {META_FUNCTION, "strcat", "() { 1 }", "is a function of the language"},
        {META_FUNCTION, "make_set", "() { 1 }", "is a function of the language"},
        {META_FUNCTION, "f", "T | take 1", "(parameters) { body }"},
        {META_FUNCTION, "f", "", "(parameters) { body }"},
        {META_FUNCTION, "f", "() { 1 }; let y = () { 2 }", "(parameters) { body } alone"},
        {META_FUNCTION, "f", "() { 1 }; print 1", "(parameters) { body } alone"},
        {META_FUNCTION, "f", "(1 + 2)", "(parameters) { body } alone"},
        {META_FUNCTION, "f", "(x:long) { x + }", "expected"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum status status = put(f, &tenant, cases[i].kind, cases[i].name, cases[i].text);
        if (status != STATUS_INVALID || strstr(err.text, cases[i].says) == NULL)
            fail_msg("case %zu: %d %s", i, (int)status, err.text);
    }
    assert_int_equal(err.line, 1); /* of the text, not of what stands in front */
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_comes_back),
        TEST(a_tenants_text_is_not_readable_on_the_disk),
        TEST(a_list_of_the_instance_is_not_readable_on_the_disk),
        TEST(a_list_of_the_instance_of_an_older_release_is_read),
        TEST(a_body_under_another_name_does_not_open),
        TEST(what_is_wrong_is_refused),
    };

    return RUN_TESTS(tests);
}

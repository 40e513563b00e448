/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "crypt/keyring_local.h"

#include "base/hash.h"
#include "base/random.h"
#include "crypt/receipt.h"
#include "ingest/fault_io.h"
#include "store/failing_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COPY_PATH KEYRING_PATH ".copy"

struct place {
    char root[64];
    char kek[96];
    struct io *io;
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    struct error err;

    assert_non_null(place);
    (void)snprintf(place->root, sizeof(place->root), "/tmp/daybook-keyring-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    (void)snprintf(place->kek, sizeof(place->kek), "%s/kek", place->root);
    assert_int_equal(io_linux_new(place->root, &place->io, &err), STATUS_OK);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    io_free(place->io);
    (void)tree_remove(place->root);
    free(place);
    return 0;
}

static struct keyring *open_keyring(struct place *place)
{
    struct keyring *keyring = NULL;
    struct error err;

    enum status status = keyring_local_open(place->io, place->kek, &keyring, &err);
    if (status != STATUS_OK)
        print_message("%s\n", err.text);
    assert_int_equal(status, STATUS_OK);
    return keyring;
}

static void create(struct place *place)
{
    struct error err;

    assert_int_equal(keyring_local_create(place->io, place->kek, SLICE("audit.example.com"), &err),
                     STATUS_OK);
}

static void keys_are_the_same_after_reopening_and_differ_by_purpose(void **state)
{
    struct guid one = guid_new(), two = guid_new();
    struct key keys[2][KEY_PURPOSE_COUNT_], again;
    uint8_t public_key[2][PUBLIC_KEY_BYTES];
    struct buf origin;
    struct error err;

    create(*state);
    buf_init(&origin, 1000);
    struct keyring *keyring = open_keyring(*state);
    assert_int_equal(keyring_tenant_key(keyring, &one, KEY_PURPOSE_WAL, &again, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(keyring_create_tenant(keyring, &one, &err), STATUS_OK);
    assert_int_equal(keyring_create_tenant(keyring, &two, &err), STATUS_OK);
    assert_int_equal(keyring_create_tenant(keyring, &one, &err), STATUS_CONFLICT);
    for (int p = 0; p < KEY_PURPOSE_COUNT_; p++) {
        assert_int_equal(keyring_tenant_key(keyring, &one, (enum key_purpose)p, &keys[0][p], &err),
                         STATUS_OK);
        assert_int_equal(keyring_tenant_key(keyring, &two, (enum key_purpose)p, &keys[1][p], &err),
                         STATUS_OK);
    }
    for (int a = 0; a < 2 * KEY_PURPOSE_COUNT_; a++)
        for (int b = 0; b < a; b++)
            assert_memory_not_equal(&keys[a / KEY_PURPOSE_COUNT_][a % KEY_PURPOSE_COUNT_],
                                    &keys[b / KEY_PURPOSE_COUNT_][b % KEY_PURPOSE_COUNT_],
                                    sizeof(again));
    assert_int_equal(keyring_log_identity(keyring, &one, &origin, public_key[0], &err), STATUS_OK);
    assert_true(slice_starts_with(buf_slice(&origin), SLICE("audit.example.com/tlog/")));
    assert_int_equal(origin.size, 23 + 32);
    keyring_free(keyring);

    keyring = open_keyring(*state);
    for (int p = 0; p < KEY_PURPOSE_COUNT_; p++) {
        assert_int_equal(keyring_tenant_key(keyring, &two, (enum key_purpose)p, &again, &err),
                         STATUS_OK);
        assert_memory_equal(&again, &keys[1][p], sizeof(again));
    }
    assert_int_equal(keyring_log_identity(keyring, &one, &origin, public_key[1], &err), STATUS_OK);
    assert_memory_equal(public_key[0], public_key[1], PUBLIC_KEY_BYTES);
    assert_memory_equal(origin.data, origin.data + 55, 55);
    keyring_free(keyring);
    buf_release(&origin);
}

static void receipts_verify_under_the_public_key(void **state)
{
    struct receipt_fields fields = {7, 100, 257, 1795410000000000, {1, 2, 3}}, back;
    struct guid tenant = guid_new(), unknown = guid_new();
    uint8_t public_key[PUBLIC_KEY_BYTES];
    struct slice origin_back;
    struct buf note, origin;
    struct error err;

    create(*state);
    buf_init(&note, 4000);
    buf_init(&origin, 1000);
    struct keyring *keyring = open_keyring(*state);
    assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
    assert_int_equal(keyring_log_identity(keyring, &tenant, &origin, public_key, &err), STATUS_OK);
    assert_int_equal(keyring_log_identity(keyring, &unknown, &origin, public_key, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(keyring_sign_receipt(keyring, &unknown, &fields, &note, &err),
                     STATUS_NOT_FOUND);
    for (int i = 0; i < 2; i++) { /* the first use makes the signer */
        buf_clear(&note);
        assert_int_equal(keyring_sign_receipt(keyring, &tenant, &fields, &note, &err), STATUS_OK);
        assert_int_equal(receipt_verify(buf_slice(&note), public_key, &back, &origin_back, &err),
                         STATUS_OK);
        assert_int_equal(back.first_seq, 100);
        assert_memory_equal(back.leaf_hash, fields.leaf_hash, 32);
        assert_true(slice_equal(origin_back, buf_slice(&origin)));
    }
    keyring_free(keyring);
    buf_release(&note);
    buf_release(&origin);
}

static void creating_twice_is_a_conflict_and_a_bad_host_invalid(void **state)
{
    struct place *place = *state;
    struct keyring *keyring = NULL;
    struct error err;

    assert_int_equal(keyring_local_create(place->io, place->kek, SLICE("Bad Host"), &err),
                     STATUS_INVALID);
    assert_int_equal(keyring_local_create(place->io, place->kek, SLICE(""), &err), STATUS_INVALID);
    create(place);
    assert_int_equal(keyring_local_create(place->io, place->kek, SLICE("a.b"), &err),
                     STATUS_CONFLICT);
    assert_int_equal(io_unlink(place->io, KEYRING_PATH, &err), STATUS_OK);
    assert_int_equal(io_unlink(place->io, COPY_PATH, &err), STATUS_OK);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_NOT_FOUND);
    create(place); /* the key file is kept */
    keyring_free(open_keyring(place));
}

static void a_key_file_is_secret_whole_and_the_right_one(void **state)
{
    struct place *place = *state;
    struct keyring *keyring = NULL;
    struct error err;
    struct stat st;

    create(place);
    assert_int_equal(stat(place->kek, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(chmod(place->kek, 0440), 0);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_DENIED);
    assert_int_equal(chmod(place->kek, 0600), 0);
    assert_int_equal(truncate(place->kek, 64), 0);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_CORRUPT);
    FILE *file = fopen(place->kek, "w");
    assert_non_null(file);
    for (int i = 0; i < 64; i++)
        assert_int_equal(fputc('a', file), 'a');
    assert_int_equal(fputc('\n', file), '\n');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "another key"));
    assert_int_equal(unlink(place->kek), 0);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_NOT_FOUND);
    assert_int_equal(keyring_local_create(place->io, "/nonexistent/kek", SLICE("a"), &err),
                     STATUS_CONFLICT);
    assert_int_equal(io_unlink(place->io, KEYRING_PATH, &err), STATUS_OK);
    assert_int_equal(io_unlink(place->io, COPY_PATH, &err), STATUS_OK);
    assert_int_equal(keyring_local_create(place->io, "/nonexistent/kek", SLICE("a"), &err),
                     STATUS_IO);
}

/* In place of the library's: it says of what is synced, and fails for one path. */
static struct {
    const char *failing; /* or NULL */
    char done[8][160];
    int count; /* of those in done */
} syncs;

int fsync(int fd)
{
    char link[48], path[160] = "";

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) < 0)
        return -1;
    if (syncs.failing != NULL && strcmp(path, syncs.failing) == 0) {
        errno = EIO;
        return -1;
    }
    memcpy(syncs.done[syncs.count++ % 8], path, sizeof(path));
    return 0;
}

static bool was_synced(const char *path)
{
    bool found = false;

    for (int i = 0; i < 8; i++)
        found |= strcmp(syncs.done[i], path) == 0;
    return found;
}

/* One that a failed or killed attempt left was seen in memory alone: a power cut would take it,
 * or its name, from under all that is wrapped with it. */
static void a_key_file_that_is_there_already_is_put_on_the_disk(void **state)
{
    struct place *place = *state;
    struct error err;
    char directory[96], kek[128];

    (void)snprintf(directory, sizeof(directory), "%s/usb", place->root);
    (void)snprintf(kek, sizeof(kek), "%s/kek", directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    syncs.failing = directory;
    assert_int_equal(keyring_local_create(place->io, kek, SLICE("a.example"), &err), STATUS_IO);
    assert_false(io_exists(place->io, KEYRING_PATH));
    assert_int_equal(access(kek, R_OK), 0);
    memset(syncs.done, 0, sizeof(syncs.done));
    assert_int_equal(keyring_local_create(place->io, kek, SLICE("a.example"), &err), STATUS_IO);
    assert_false(io_exists(place->io, KEYRING_PATH));
    syncs.failing = kek;
    assert_int_equal(keyring_local_create(place->io, kek, SLICE("a.example"), &err), STATUS_IO);
    syncs.failing = NULL;
    memset(syncs.done, 0, sizeof(syncs.done));
    assert_int_equal(keyring_local_create(place->io, kek, SLICE("a.example"), &err), STATUS_OK);
    assert_true(was_synced(kek));
    assert_true(was_synced(directory));
}

/* Half a key would stand in the way of the next try. */
static void a_key_file_that_cannot_be_written_is_removed(void **state)
{
    struct place *place = *state;
    struct rlimit limit, small;
    struct error err;

    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status status = keyring_local_create(place->io, place->kek, SLICE("a.example"), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, STATUS_IO);
    assert_int_equal(access(place->kek, F_OK), -1);
    syncs.failing = place->kek;
    assert_int_equal(keyring_local_create(place->io, place->kek, SLICE("a.example"), &err),
                     STATUS_IO);
    syncs.failing = NULL;
    assert_int_equal(access(place->kek, F_OK), -1);
    create(place);
    keyring_free(open_keyring(place));
}

static void flip(struct place *place, const char *path, uint64_t offset)
{
    struct io_file *file = NULL;
    struct error err;
    uint8_t byte;

    assert_int_equal(io_open(place->io, path, IO_WRITE, &file, &err), STATUS_OK);
    assert_int_equal(io_read_at(file, offset, &byte, 1, &err), STATUS_OK);
    byte ^= 1;
    assert_int_equal(io_write_at(file, offset, &byte, 1, &err), STATUS_OK);
    io_close(file);
}

static void every_damaged_byte_of_the_file_is_found(void **state)
{
    struct place *place = *state;
    struct guid one = guid_new(), two = guid_new();
    struct error err;

    create(place);
    struct keyring *keyring = open_keyring(place);
    assert_int_equal(keyring_create_tenant(keyring, &one, &err), STATUS_OK);
    assert_int_equal(keyring_create_tenant(keyring, &two, &err), STATUS_OK);
    keyring_free(keyring);
    for (uint64_t at = 0; at < 512 + 2 * 256; at++) {
        uint64_t other = (at * 7 + 3) % (512 + 2 * 256);
        flip(place, KEYRING_PATH, at);
        flip(place, COPY_PATH, other);
        keyring = NULL;
        assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err),
                         STATUS_CORRUPT);
        assert_null(keyring);
        assert_non_null(strstr(err.text, "'keys/keyring' is damaged"));
        assert_non_null(strstr(err.text, "backup"));
        flip(place, KEYRING_PATH, at);
        flip(place, COPY_PATH, other);
    }
    keyring_free(open_keyring(place));
}

static void is_whole(struct place *place, const struct guid *tenants, size_t count)
{
    struct keyring *keyring = open_keyring(place);
    struct error err;
    struct key key;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            keyring_tenant_key(keyring, &tenants[i], KEY_PURPOSE_SEG, &key, &err), STATUS_OK);
    keyring_free(keyring);
}

static void either_file_is_enough(void **state)
{
    static const char *const PATHS[] = {KEYRING_PATH, COPY_PATH};
    struct place *place = *state;
    struct guid tenants[3] = {guid_new(), guid_new(), guid_new()};
    struct buf bytes;
    struct error err;

    create(place);
    struct keyring *keyring = open_keyring(place);
    for (int i = 0; i < 3; i++)
        assert_int_equal(keyring_create_tenant(keyring, &tenants[i], &err), STATUS_OK);
    keyring_free(keyring);
    buf_init(&bytes, 10000);
    assert_int_equal(io_read_all(place->io, KEYRING_PATH, &bytes, &err), STATUS_OK);
    for (int p = 0; p < 2; p++) {
        for (uint64_t at = 0; at < bytes.size; at += 37) {
            flip(place, PATHS[p], at); /* mended by the first opening */
            is_whole(place, tenants, 3);
            is_whole(place, tenants, 3);
        }
        for (size_t size = 0; size < bytes.size; size += 128) {
            assert_int_equal(
                io_replace(place->io, PATHS[p], slice_head(buf_slice(&bytes), size), &err),
                STATUS_OK);
            is_whole(place, tenants, 3);
        }
        memset(bytes.data + bytes.size - 256, 0, 256); /* looks like a creation cut short */
        assert_int_equal(io_replace(place->io, PATHS[p], buf_slice(&bytes), &err), STATUS_OK);
        is_whole(place, tenants, 3);
        buf_clear(&bytes);
        assert_int_equal(io_read_all(place->io, KEYRING_PATH, &bytes, &err), STATUS_OK);
        assert_int_equal(io_unlink(place->io, PATHS[p], &err), STATUS_OK);
        is_whole(place, tenants, 3);
    }
    buf_release(&bytes);
}

/* The disk put the last record over another one: what is left is sound, record for record. */
static void a_record_in_the_place_of_another_is_damage(void **state)
{
    static const char *const PATHS[] = {KEYRING_PATH, COPY_PATH};
    static const uint8_t nothing[256];
    struct place *place = *state;
    struct guid tenants[3] = {guid_new(), guid_new(), guid_new()};
    struct io_file *file = NULL;
    struct error err;
    uint8_t last[256];

    create(place);
    struct keyring *keyring = open_keyring(place);
    for (int i = 0; i < 3; i++)
        assert_int_equal(keyring_create_tenant(keyring, &tenants[i], &err), STATUS_OK);
    keyring_free(keyring);
    for (int p = 0; p < 2; p++) {
        assert_int_equal(io_open(place->io, PATHS[p], IO_WRITE, &file, &err), STATUS_OK);
        assert_int_equal(io_read_at(file, 512 + 2 * 256, last, 256, &err), STATUS_OK);
        assert_int_equal(io_write_at(file, 512 + 2 * 256, nothing, 256, &err), STATUS_OK);
        assert_int_equal(io_write_at(file, 512 + 256, last, 256, &err), STATUS_OK);
        io_close(file);
        is_whole(place, tenants, 3); /* and mended */
        is_whole(place, tenants, 3);
    }
}

static void a_creation_cut_short_is_overwritten(void **state)
{
    static const uint64_t cuts[] = {1, 100, 255};
    struct place *place = *state;
    struct error err;
    struct key key;

    create(place);
    for (size_t i = 0; i < 4; i++) {
        struct guid tenant = guid_new();
        struct io_file *file = NULL;
        uint64_t end = 512 + 256 * i, zeros = 256;
        uint8_t junk[256] = {0};
        if (i < 3) { /* short junk; then a whole empty record */
            memset(junk, 0x55, sizeof(junk));
            zeros = cuts[i];
        }
        assert_int_equal(io_open(place->io, KEYRING_PATH, IO_WRITE, &file, &err), STATUS_OK);
        assert_int_equal(io_write_at(file, end, junk, zeros, &err), STATUS_OK);
        io_close(file);
        struct keyring *keyring = open_keyring(place);
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
        keyring_free(keyring);
        keyring = open_keyring(place);
        assert_int_equal(keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_SEG, &key, &err),
                         STATUS_OK);
        keyring_free(keyring);
    }
}

/* As older programs wrote it. */
static void forget_number(char *record)
{
    memset(record + 176, 0, 4);
    uint32_t crc = hash_crc32c(0, record, 252);
    for (unsigned i = 0; i < 4; i++)
        record[252 + i] = (char)(crc >> (8 * i));
}

static void records_without_a_number_are_taken_where_they_stand(void **state)
{
    struct place *place = *state;
    struct guid tenants[3] = {guid_new(), guid_new(), guid_new()};
    struct buf content;
    struct error err;

    create(place);
    struct keyring *keyring = open_keyring(place);
    for (int i = 0; i < 2; i++)
        assert_int_equal(keyring_create_tenant(keyring, &tenants[i], &err), STATUS_OK);
    keyring_free(keyring);
    buf_init(&content, 10000);
    assert_int_equal(io_read_all(place->io, KEYRING_PATH, &content, &err), STATUS_OK);
    for (int i = 0; i < 2; i++)
        forget_number(content.data + 512 + 256 * i);
    assert_int_equal(io_replace(place->io, KEYRING_PATH, buf_slice(&content), &err), STATUS_OK);
    assert_int_equal(io_replace(place->io, COPY_PATH, buf_slice(&content), &err), STATUS_OK);
    keyring = open_keyring(place);
    assert_int_equal(keyring_create_tenant(keyring, &tenants[2], &err), STATUS_OK);
    keyring_free(keyring);
    is_whole(place, tenants, 3);
    buf_release(&content);
}

static void records_do_not_move_to_another_keyring(void **state)
{
    struct place *place = *state;
    struct guid tenant = guid_new();
    struct keyring *keyring = NULL;
    struct buf content;
    struct error err;

    create(place);
    keyring = open_keyring(place);
    assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
    keyring_free(keyring);
    buf_init(&content, 10000);
    assert_int_equal(io_read_all(place->io, KEYRING_PATH, &content, &err), STATUS_OK);
    assert_int_equal(io_unlink(place->io, KEYRING_PATH, &err), STATUS_OK);
    assert_int_equal(io_unlink(place->io, COPY_PATH, &err), STATUS_OK);
    assert_int_equal(keyring_local_create(place->io, place->kek, SLICE("other.example"), &err),
                     STATUS_OK);
    struct io_file *file = NULL;
    assert_int_equal(io_open(place->io, KEYRING_PATH, IO_WRITE, &file, &err), STATUS_OK);
    assert_int_equal(io_write_at(file, 512, content.data + 512, 256, &err), STATUS_OK);
    io_close(file);
    keyring = NULL;
    assert_int_equal(io_unlink(place->io, COPY_PATH, &err), STATUS_OK);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_CORRUPT);
    assert_int_equal(io_unlink(place->io, COPY_PATH, &err), STATUS_OK);
    forget_number(content.data + 512);
    buf_add(&content, content.data + 512, 256); /* the same tenant twice */
    assert_int_equal(io_replace(place->io, KEYRING_PATH, buf_slice(&content), &err), STATUS_OK);
    assert_int_equal(keyring_local_open(place->io, place->kek, &keyring, &err), STATUS_CORRUPT);
    assert_non_null(strstr(err.text, "twice"));
    buf_release(&content);
}

static void after_a_failed_write_nothing_is_made_until_it_is_opened_again(void **state)
{
    struct guid one = guid_new(), two = guid_new(), three = guid_new();
    struct rlimit limit, small;
    struct keyring *keyring = NULL;
    struct error err;
    struct key key;

    create(*state);
    keyring = open_keyring(*state);
    assert_int_equal(keyring_create_tenant(keyring, &one, &err), STATUS_OK);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 512 + 256 + 100; /* the second record is cut */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status status = keyring_create_tenant(keyring, &two, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, STATUS_IO);
    assert_int_equal(keyring_create_tenant(keyring, &three, &err), STATUS_BUSY);
    assert_int_equal(keyring_tenant_key(keyring, &two, KEY_PURPOSE_WAL, &key, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(keyring_tenant_key(keyring, &one, KEY_PURPOSE_WAL, &key, &err), STATUS_OK);
    keyring_free(keyring);
    keyring = open_keyring(*state);
    assert_int_equal(keyring_create_tenant(keyring, &three, &err), STATUS_OK);
    keyring_free(keyring);
    keyring_free(open_keyring(*state));
}

static void expect_keys(struct place *place, const struct guid *tenant, enum status expected,
                        struct key *ret)
{
    struct keyring *keyring = open_keyring(place);
    struct error err;

    assert_int_equal(keyring_tenant_key(keyring, tenant, KEY_PURPOSE_WAL, ret, &err), expected);
    keyring_free(keyring);
}

/* Each of the four calls of a creation in turn: write and sync, of one and of the other. */
static void a_creation_without_space_can_be_tried_again(void **state)
{
    struct place *place = *state;
    struct failing_io failing = failing_io_over(place->io);
    struct keyring *keyring = NULL;
    struct key before, after;
    struct error err;

    create(place);
    failing.os_errno = ENOSPC;
    assert_int_equal(keyring_local_open(&failing.io, place->kek, &keyring, &err), STATUS_OK);
    for (uint64_t write = 1; write <= 3; write += 2) {
        struct guid refused = guid_new(), tenant = guid_new();
        failing.change_count = 0;
        failing.fail_at = write;
        assert_int_equal(keyring_create_tenant(keyring, &refused, &err), STATUS_FULL);
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
        assert_int_equal(keyring_tenant_key(keyring, &refused, KEY_PURPOSE_WAL, &before, &err),
                         STATUS_NOT_FOUND);
        assert_int_equal(keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_WAL, &before, &err),
                         STATUS_OK);
        expect_keys(place, &refused, STATUS_NOT_FOUND, &after);
        expect_keys(place, &tenant, STATUS_OK, &after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
    keyring_free(keyring);
}

static void after_a_failed_sync_nothing_is_made_until_it_is_opened_again(void **state)
{
    struct place *place = *state;
    struct failing_io failing = failing_io_over(place->io);
    struct guid tenant = guid_new();
    struct error err;

    create(place);
    for (uint64_t sync = 2; sync <= 4; sync += 2) {
        struct keyring *keyring = NULL;
        struct guid doubtful = guid_new();
        failing.fail_at = 0;
        failing.os_errno = ENOSPC; /* a sync that says so may have lost what was written */
        assert_int_equal(keyring_local_open(&failing.io, place->kek, &keyring, &err), STATUS_OK);
        failing.change_count = 0;
        failing.fail_at = sync;
        assert_int_equal(keyring_create_tenant(keyring, &doubtful, &err), STATUS_IO);
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_BUSY);
        keyring_free(keyring);
    }
}

static void cut_end(struct place *place, const char *path, uint64_t bytes)
{
    struct io_file *file = NULL;
    struct error err;
    uint64_t size = 0;

    assert_int_equal(io_open(place->io, path, IO_WRITE, &file, &err), STATUS_OK);
    assert_int_equal(io_size(file, &size, &err), STATUS_OK);
    assert_int_equal(io_truncate(file, size - bytes, &err), STATUS_OK);
    io_close(file);
}

/* One of the two is behind or missing, and the disk has no space to make it good: with space
 * again tenants are made without another start, and the next one finds them. */
static void opened_on_a_full_disk_it_goes_on_with_one(void **state)
{
    static const char *const PATHS[] = {KEYRING_PATH, COPY_PATH};
    struct place *place = *state;
    struct fault_io full;
    struct key before, after;
    struct error err;

    create(place);
    fault_io_init(&full, place->io);
    full.os_errno = ENOSPC;
    for (size_t i = 0; i < 4; i++) {
        struct guid old = guid_new(), tenant = guid_new();
        struct keyring *keyring = open_keyring(place);
        assert_int_equal(keyring_create_tenant(keyring, &old, &err), STATUS_OK);
        keyring_free(keyring);
        if (i < 2)
            cut_end(place, PATHS[i], 256);
        else
            assert_int_equal(io_unlink(place->io, PATHS[i - 2], &err), STATUS_OK);
        full.bad_path = i % 2 == 0 ? KEYRING_PATH ".tmp" : COPY_PATH ".tmp";
        keyring = NULL;
        assert_int_equal(keyring_local_open(&full.io, place->kek, &keyring, &err), STATUS_OK);
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
        assert_int_equal(keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_WAL, &before, &err),
                         STATUS_OK);
        keyring_free(keyring);
        expect_keys(place, &tenant, STATUS_OK, &after);
        assert_memory_equal(&before, &after, sizeof(before));
        expect_keys(place, &old, STATUS_OK, &after);
    }
}

/* The last record may be in memory alone: while there is no space to write it again the start is
 * not refused, and no tenant is made. */
static void nothing_is_put_behind_what_may_not_be_there(void **state)
{
    static const char *const PATHS[] = {KEYRING_PATH, COPY_PATH};
    struct place *place = *state;
    struct fault_io full;
    struct error err;

    create(place);
    struct keyring *keyring = open_keyring(place);
    struct guid first = guid_new();
    assert_int_equal(keyring_create_tenant(keyring, &first, &err), STATUS_OK);
    keyring_free(keyring);
    fault_io_init(&full, place->io);
    full.os_errno = ENOSPC;
    for (size_t i = 0; i < 2; i++) {
        struct guid tenant = guid_new();
        full.bad_write_path = PATHS[i];
        keyring = NULL;
        assert_int_equal(keyring_local_open(&full.io, place->kek, &keyring, &err), STATUS_OK);
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_FULL);
        full.bad_write_path = NULL;
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
        keyring_free(keyring);
    }
}

/* A bad sector in either is no reason to refuse the start. */
static void one_that_cannot_be_read_is_made_from_the_other(void **state)
{
    static const char *const PATHS[] = {KEYRING_PATH, COPY_PATH};
    struct place *place = *state;
    struct failing_io failing = failing_io_over(place->io);
    struct guid tenant = guid_new();
    struct keyring *keyring = NULL;
    struct error err;
    struct key key;

    create(place);
    keyring = open_keyring(place);
    assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
    keyring_free(keyring);
    for (size_t i = 0; i < 2; i++) {
        failing.unreadable = PATHS[i];
        keyring = NULL;
        assert_int_equal(keyring_local_open(&failing.io, place->kek, &keyring, &err), STATUS_OK);
        assert_int_equal(keyring_tenant_key(keyring, &tenant, KEY_PURPOSE_WAL, &key, &err),
                         STATUS_OK);
        keyring_free(keyring);
    }
    expect_keys(place, &tenant, STATUS_OK, &key);
    assert_true(io_exists(place->io, KEYRING_PATH ".damaged"));
    assert_true(io_exists(place->io, COPY_PATH ".damaged"));
}

/* One has lost its end, and the disk does not give the other, once: the keys that lack are set
 * aside with that one, and come back with it. */
static void keys_that_could_not_be_read_come_back(void **state)
{
    static const char *const PATHS[] = {KEYRING_PATH, COPY_PATH};
    struct place *place = *state;
    struct key before, after;
    struct error err;

    create(place);
    for (size_t i = 0; i < 4; i++) {
        struct failing_io failing = failing_io_over(place->io);
        struct guid tenant = guid_new();
        struct keyring *keyring = open_keyring(place);
        assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
        keyring_free(keyring);
        expect_keys(place, &tenant, STATUS_OK, &before);
        cut_end(place, PATHS[i % 2], i < 2 ? 256 : 1);
        failing.unreadable = PATHS[1 - i % 2];
        keyring = NULL;
        assert_int_equal(keyring_local_open(&failing.io, place->kek, &keyring, &err), STATUS_OK);
        keyring_free(keyring);
        expect_keys(place, &tenant, STATUS_OK, &after);
        assert_memory_equal(&before, &after, sizeof(before));
    }
}

/* It was read, but the sync of its creation may have failed: then it is in memory alone, and what
 * is written behind it would stand behind a hole after a power cut. */
static void the_last_record_is_put_on_the_disk_by_each_start(void **state)
{
    struct place *place = *state;
    struct guid tenant = guid_new();
    struct error err;
    struct key key;

    create(place);
    struct keyring *keyring = open_keyring(place);
    assert_int_equal(keyring_create_tenant(keyring, &tenant, &err), STATUS_OK);
    keyring_free(keyring);
    for (uint64_t call = 3; call <= 6; call++) { /* both are open */
        struct failing_io failing = failing_io_over(place->io);
        failing.fail_at = call;
        keyring = NULL;
        assert_int_equal(keyring_local_open(&failing.io, place->kek, &keyring, &err), STATUS_IO);
        failing.change_count = 0;
        failing.os_errno = ENOSPC; /* it need not be written to be read */
        enum status status = keyring_local_open(&failing.io, place->kek, &keyring, &err);
        assert_int_equal(status, call % 2 == 0 ? STATUS_IO : STATUS_OK);
        keyring_free(keyring);
        expect_keys(place, &tenant, STATUS_OK, &key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_the_same_after_reopening_and_differ_by_purpose,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(receipts_verify_under_the_public_key, setup, teardown),
        cmocka_unit_test_setup_teardown(creating_twice_is_a_conflict_and_a_bad_host_invalid, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_key_file_is_secret_whole_and_the_right_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_key_file_that_is_there_already_is_put_on_the_disk, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_key_file_that_cannot_be_written_is_removed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_damaged_byte_of_the_file_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(either_file_is_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_in_the_place_of_another_is_damage, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_creation_cut_short_is_overwritten, setup, teardown),
        cmocka_unit_test_setup_teardown(
            after_a_failed_write_nothing_is_made_until_it_is_opened_again, setup, teardown),
        cmocka_unit_test_setup_teardown(records_without_a_number_are_taken_where_they_stand, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(records_do_not_move_to_another_keyring, setup, teardown),
        cmocka_unit_test_setup_teardown(a_creation_without_space_can_be_tried_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            after_a_failed_sync_nothing_is_made_until_it_is_opened_again, setup, teardown),
        cmocka_unit_test_setup_teardown(opened_on_a_full_disk_it_goes_on_with_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_is_put_behind_what_may_not_be_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_read_is_made_from_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keys_that_could_not_be_read_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_record_is_put_on_the_disk_by_each_start, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

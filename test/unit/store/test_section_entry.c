/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a section come back; those that cannot be are refused. */
#include "store/section_priv.h"

#include "crypt/aead.h"
#include "store/segment_fixture.h"

static struct section_info some_info(void)
{
    struct section_info info = {.segment = 3, .index = 2, .generation = 9, .table = "Audit",
                                .level = SECTION_MERGED, .row_count = 10, .fallback_count = 1,
                                .seq_min = 5, .seq_max = 14, .time_min = -5, .time_max = 6,
                                .received_min = 1, .received_max = 2, .raw_bytes = 1000,
                                .offset = 32, .size_bytes = 500, .header_packed = 90,
                                .header_raw = 200, .index_pages = 1, .crc = 77};
    info.tenant.bytes[3] = 8;
    return info;
}

static enum status trip(const struct section_info *info, struct section_info *ret)
{
    struct buf bytes;
    struct error err;

    buf_init(&bytes, MIB);
    section_entry_put(&bytes, info);
    struct reader r = reader_from(bytes.data, bytes.size);
    enum status status = section_entry_get(&r, ret, &err);
    for (size_t size = 0; size < bytes.size; size++) {
        struct section_info cut;
        r = reader_from(bytes.data, size);
        assert_int_equal(section_entry_get(&r, &cut, &err), STATUS_CORRUPT);
    }
    buf_release(&bytes);
    return status;
}

static void an_entry_comes_back(void **state)
{
    (void)state;
    struct section_info info = some_info(), back;
    assert_int_equal(trip(&info, &back), STATUS_OK);
    assert_memory_equal(&info, &back, sizeof(info));
    info.time_count = SECTION_TIMES_MAX;
    for (uint64_t i = 0; i < SECTION_TIMES_MAX; i++)
        info.times[i] = UINT64_MAX - i;
    assert_int_equal(trip(&info, &back), STATUS_OK);
    assert_memory_equal(&info, &back, sizeof(info));
}

/* Entries of before end behind the key; what a later program adds is skipped. */
static void entries_of_other_programs_are_read(void **state)
{
    struct section_info info = some_info(), back;
    struct buf bytes, other;
    struct error err;

    (void)state;
    info.time_count = 1;
    buf_init(&bytes, MIB);
    buf_init(&other, MIB);
    section_entry_put(&bytes, &info);
    struct reader r = reader_from(bytes.data, bytes.size);
    struct slice entry = reader_blob(&r);
    buf_put_blob(&other, slice_head(entry, entry.size - 9));
    r = reader_from(other.data, other.size);
    assert_int_equal(section_entry_get(&r, &back, &err), STATUS_OK);
    assert_int_equal(back.time_count, 0);
    assert_int_equal(back.crc, info.crc);
    buf_clear(&other);
    section_entry_put(&other, &info);
    r = reader_from(other.data, other.size);
    entry = reader_blob(&r);
    buf_clear(&bytes);
    buf_put_varint(&bytes, entry.size + 3);
    buf_add_slice(&bytes, entry);
    buf_add_text(&bytes, "new");
    r = reader_from(bytes.data, bytes.size);
    assert_int_equal(section_entry_get(&r, &back, &err), STATUS_OK);
    assert_int_equal(back.time_count, 1);
    info.time_count = SECTION_TIMES_MAX + 1; /* no program writes it */
    buf_clear(&bytes);
    buf_add_slice(&bytes, buf_slice(&other));
    bytes.data[bytes.size - 9] = (char)info.time_count;
    r = reader_from(bytes.data, bytes.size);
    assert_int_equal(section_entry_get(&r, &back, &err), STATUS_CORRUPT);
    buf_release(&bytes);
    buf_release(&other);
}

static void an_entry_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    for (int what = 0; what < 6; what++) {
        struct section_info info = some_info(), back;
        info.row_count = what == 0 ? 0 : what == 1 ? PART_ROWS_MAX + 1 : info.row_count;
        info.fallback_count = what == 2 ? 11 : info.fallback_count;
        info.seq_max -= what == 3;
        info.level = what == 4 ? 7 : info.level;
        info.time_max = what == 5 ? -6 : info.time_max;
        assert_int_equal(trip(&info, &back), STATUS_CORRUPT);
    }
}

static void keys_open_only_in_their_place(void **state)
{
    (void)state;
    struct keyring keyring = {&FIXTURE_KEYS};
    struct section_info info = some_info();
    struct buf cipher;
    struct key key;
    struct error err;
    buf_init(&cipher, MIB);
    assert_int_equal(section_seal(&keyring, &info, SLICE("plain"), &cipher, &err), STATUS_OK);
    assert_int_equal(info.size_bytes, cipher.size);
    assert_int_equal(section_unwrap(&keyring, &info, &key, &err), STATUS_OK);
    info.segment++;
    assert_int_equal(section_unwrap(&keyring, &info, &key, &err), STATUS_CORRUPT);
    buf_release(&cipher);
}

/* What a section says of its rows decides which questions skip it. */
static void keys_open_only_with_their_facts(void **state)
{
    (void)state;
    struct keyring keyring = {&FIXTURE_KEYS};
    struct section_info info = some_info();
    struct buf cipher;
    struct key key;
    struct error err;
    buf_init(&cipher, MIB);
    info.time_count = 2;
    assert_int_equal(section_seal(&keyring, &info, SLICE("plain"), &cipher, &err), STATUS_OK);
    for (uint8_t what = 0; what < 16; what++) {
        struct section_info other = info;
        other.table[1] = what == 0 ? 'x' : other.table[1];
        other.row_count += what == 1;
        other.fallback_count += what == 2;
        other.seq_min += what == 3;
        other.seq_max += what == 4;
        other.time_min += what == 5;
        other.time_max += what == 6;
        other.received_min += what == 7;
        other.received_max += what == 8;
        other.raw_bytes += what == 9;
        other.header_packed += what == 10;
        other.header_raw += what == 11;
        other.index_pages += what == 12;
        other.time_count = what == 13 ? 1 : other.time_count;
        other.times[1] += what == 14;
        other.level = what == 15 ? SECTION_FLUSHED : other.level;
        assert_int_equal(section_unwrap(&keyring, &other, &key, &err), STATUS_CORRUPT);
    }
    info.offset++; /* where it lies is found by its checks */
    assert_int_equal(section_unwrap(&keyring, &info, &key, &err), STATUS_OK);
    buf_release(&cipher);
}

/* A key wrapped by a program before, without the facts. */
static void keys_of_older_files_open(void **state)
{
    (void)state;
    struct keyring keyring = {&FIXTURE_KEYS};
    struct section_info info = some_info();
    uint8_t room[SECTION_CONTEXT_BYTES_MAX];
    const struct key file_key = {{7}};
    struct key tenant_key, key;
    struct error err;
    assert_int_equal(keyring_tenant_key(&keyring, &info.tenant, KEY_PURPOSE_SEG, &tenant_key, &err),
                     STATUS_OK);
    struct slice plain = {(const char *)file_key.bytes, sizeof(file_key.bytes)};
    assert_int_equal(aead_seal_to(&tenant_key, section_context(&info, "daybook/segkey/v1", room),
                                  plain, info.wrapped_key, &err),
                     STATUS_OK);
    assert_int_equal(section_unwrap(&keyring, &info, &key, &err), STATUS_OK);
    assert_memory_equal(&key, &file_key, sizeof(key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_comes_back),
        cmocka_unit_test(entries_of_other_programs_are_read),
        cmocka_unit_test(an_entry_that_contradicts_itself_is_refused),
        cmocka_unit_test(keys_open_only_in_their_place),
        cmocka_unit_test(keys_open_only_with_their_facts),
        cmocka_unit_test(keys_of_older_files_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* segment_fixture.h - a sealed store in a directory of its own, for tests. */
#ifndef STORE_SEGMENT_FIXTURE_H
#define STORE_SEGMENT_FIXTURE_H

#include "tree.h"

#include "base/time.h"
#include "store/batch_maker.h"
#include "store/sealed_priv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* Counts what it is shown and compares it with the batches it knows. */
struct fixture_verifier {
    struct record_verifier verifier; /* first */
    const struct batch_maker *makers[4];
    uint32_t maker_count;
    atomic_uint_fast64_t seen;
    bool refuse;
    unsigned refusals; /* so many calls are refused first; of one thread */
    uint8_t unread; /* last byte of a tenant whose evidence the disk does not give; 0: none */
    atomic_uint unread_calls;
};

struct fixture {
    char root[64];
    struct io *io;
    struct keyring keyring;
    struct fixture_verifier verifier;
    struct sealed_options options;
    struct sealed *sealed;
    struct error err;
};

static inline enum status fixture_tenant_key(struct keyring *keyring, const struct guid *tenant,
                                             enum key_purpose purpose, struct key *ret,
                                             struct error *err)
{
    (void)keyring;
    if (tenant->bytes[15] == 0xee)
        return ERROR_SET(err, STATUS_NOT_FOUND, "this tenant has no keys");
    memset(ret->bytes, tenant->bytes[15] * 16 + (int)purpose, sizeof(ret->bytes));
    return STATUS_OK;
}

static const struct keyring_ops FIXTURE_KEYS = {.tenant_key = fixture_tenant_key};

static inline const struct record *fixture_find(const struct fixture_verifier *v,
                                                const struct guid *tenant, uint64_t seq)
{
    for (uint32_t i = 0; i < v->maker_count; i++) {
        const struct batch_maker *m = v->makers[i];
        if (guid_equal(&m->batch.tenant, tenant) && seq >= m->records[0].seq &&
            seq - m->records[0].seq < m->batch.record_count)
            return &m->records[seq - m->records[0].seq];
    }
    return NULL;
}

static inline enum status fixture_verify(struct record_verifier *verifier,
                                         const struct guid *tenant, uint64_t first_seq,
                                         uint32_t count,
                                         enum status (*raw)(void *context, uint64_t seq,
                                                            struct slice *ret, struct error *err),
                                         void *context, struct error *err)
{
    struct fixture_verifier *v = (struct fixture_verifier *)verifier;

    if (v->unread != 0 && tenant->bytes[15] == v->unread) {
        v->unread_calls++;
        errno = EIO;
        return ERROR_SET(err, STATUS_IO, "cannot read the evidence");
    }
    if (v->refuse || (v->refusals > 0 && v->refusals-- > 0))
        return ERROR_SET(err, STATUS_CORRUPT, "refused");
    for (uint32_t i = 0; i < count; i++) {
        const struct record *record = fixture_find(v, tenant, first_seq + i);
        struct slice found;
        enum status status = raw(context, first_seq + i, &found, err);
        if (status != STATUS_OK)
            return status;
        if (v->maker_count > 0 && (record == NULL || !slice_equal(record->raw, found)))
            return ERROR_SET(err, STATUS_CORRUPT, "record %llu differs",
                             (unsigned long long)(first_seq + i));
        v->seen++;
    }
    return STATUS_OK;
}

static inline void fixture_reopen(struct fixture *f)
{
    sealed_close(f->sealed);
    f->sealed = NULL;
    if (sealed_open(&f->options, &f->sealed, &f->err) != STATUS_OK)
        fail_msg("%s", f->err.text);
}

static inline void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.keyring = {&FIXTURE_KEYS}};
    memcpy(f->root, "/tmp/daybook-segment-XXXXXX", sizeof("/tmp/daybook-segment-XXXXXX"));
    assert_non_null(mkdtemp(f->root));
    assert_int_equal(io_linux_new(f->root, &f->io, &f->err), STATUS_OK);
    f->verifier.verifier.verify = fixture_verify;
    f->options = (struct sealed_options){.io = f->io, .keyring = &f->keyring,
                                         .verifier = &f->verifier.verifier};
    fixture_reopen(f);
}

static inline void fixture_release(struct fixture *f)
{
    sealed_close(f->sealed);
    io_free(f->io);
    assert_true(tree_remove(f->root));
}

static inline struct part *fixture_part(const struct batch_maker *m)
{
    struct error err;
    struct part *part = NULL;

    if (part_from_records(&m->batch, &part, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return part;
}

/* sealed_flush() of parts. */
static inline enum status fixture_flush(struct sealed *sealed, struct part *const *parts,
                                        uint32_t count, uint64_t wal_floor,
                                        void (*publish)(void *context), void *context,
                                        struct error *err)
{
    struct held **rows = calloc((size_t)count + 1, sizeof(*rows));

    assert_non_null(rows);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(held_from_part(part_ref(parts[i]), &rows[i], err), STATUS_OK);
    enum status status = sealed_flush(sealed, rows, count, wal_floor, publish, context, err);
    for (uint32_t i = 0; i < count; i++)
        held_unref(rows[i]);
    free(rows);
    return status;
}

#define FIXTURE_TIME INT64_C(638400000000000000) /* in 2024 */

/* Records of the kinds that audit logs have: many columns of every encoding. */
static inline void fixture_records(struct batch_maker *m, uint32_t count, uint64_t seed)
{
    static const char *const OPERATIONS[] = {"MailItemsAccessed", "UserLoggedIn", "Send"};
    struct rng rng = {seed};
    char line[2048], time[TIME_TEXT_BYTES + 1], id[GUID_TEXT_BYTES + 1];

    for (uint32_t i = 0; i < count; i++) {
        struct guid guid;
        int64_t ticks = FIXTURE_TIME + (int64_t)i * 50000000;
        uint32_t user = rng_below(&rng, 70), kind = rng_below(&rng, 3);
        for (size_t b = 0; b < sizeof(guid.bytes); b++)
            guid.bytes[b] = (uint8_t)rng_next(&rng);
        guid_format(&guid, id);
        time_format_iso(ticks, time);
        time[19] = '\0';
        int size = snprintf(
            line, sizeof(line),
            "{\"CreationTime\":\"%s\",\"Id\":\"%s\",\"Operation\":\"%s\",\"RecordType\":%u,"
            "\"UserId\":\"user%u@example.com\",\"ClientIP\":\"10.0.%u.%u\",\"ActorIp\":"
            "\"10.0.%u.%u\",\"Size\":%u,\"Flag\":%s,\"Origin\":\"SRV%u (1.0)\\r\\n\"",
            time, id, OPERATIONS[kind], kind * 7, user, user, user % 7, user, user % 7,
            rng_below(&rng, 100000), (i & 1) != 0 ? "true" : "null", rng_below(&rng, 5));
        if (kind == 0)
            size += snprintf(line + size, sizeof(line) - (size_t)size,
                             ",\"Folders\":[{\"Items\":[{\"Mid\":\"<%08llX%08llX@mail.example>\"},"
                             "{\"Mid\":\"<%016llx@b.example>\",\"Size\":%u}],\"Path\":\"\\\\In\"}]",
                             (unsigned long long)(rng_next(&rng) >> 32),
                             (unsigned long long)(rng_next(&rng) >> 32),
                             (unsigned long long)rng_next(&rng), rng_below(&rng, 1000));
        if (kind == 1)
            size += snprintf(line + size, sizeof(line) - (size_t)size,
                             ",\"Props\":[{\"Name\":\"Agent\",\"Value\":\"A%u\"},{\"Name\":\"T\","
                             "\"Value\":\"%u\"}],\"Empty\":[]",
                             user % 5, rng_below(&rng, 3));
        size += snprintf(line + size, sizeof(line) - (size_t)size, "}");
        batch_maker_add(m, slice_from(line, (size_t)size), ticks);
    }
}

/* Every record of the maker is in the live sections, once, with its bytes. */
static inline uint64_t fixture_check(struct fixture *f, const struct batch_maker *m)
{
    struct section_list *list = sealed_pin(f->sealed, NULL, NULL);
    struct fixture_verifier v = {.makers = {m}, .maker_count = 1};
    struct buf raw;
    uint64_t rows = 0;

    buf_init(&raw, 64 * MIB);
    for (uint32_t i = 0; i < list->count; i++) {
        struct part *view = NULL;
        if (!guid_equal(&section_info(list->sections[i])->tenant, &m->batch.tenant))
            continue;
        if (section_view(list->sections[i], &view, &f->err) != STATUS_OK ||
            section_load_all(view, &f->err) != STATUS_OK)
            fail_msg("%s", f->err.text);
        for (uint32_t r = 0; r < view->row_count; r++) {
            const struct record *record = fixture_find(&v, &view->tenant, view->seqs[r]);
            buf_clear(&raw);
            part_render(view, r, &raw);
            assert_non_null(record);
            assert_true(slice_equal(buf_slice(&raw), record->raw));
            assert_int_equal(view->event_times[r], record->event_time);
            assert_int_equal(view->row_flags[r], record->flags);
            assert_int_equal(view->received_us[r], m->batch.received_us);
            rows++;
        }
        part_unref(view);
    }
    buf_release(&raw);
    section_list_unref(list);
    return rows;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ingest_log.c - a log of up to four files that is made of good frames, pieces of them and
 * other bytes, in any order.  It is read to its end, no frame comes twice, backwards or changed,
 * what lacks is counted, and once renewed it reads the same again.  A log whose parts are in
 * order, damaged as it may be, is never refused.
 *
 *   steps of a u8: what, with what it needs; see step() */
#include "ingest/log_read_priv.h"

#include "base/check.h"
#include "base/limits.h"
#include "memory_io.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES 4u
#define FRAMES_PER_FILE 4u
#define FRAMES (FILES * FRAMES_PER_FILE)
#define STEPS_MAX 64

/* A log of FILES files; the first frame has number 1. */
static struct pool {
    struct buf frames[FRAMES];
    struct wal_header headers[FILES];
    bool is_made;
} pool;

static void make_pool(void)
{
    static const struct key key = {{1}};
    uint8_t previous[AEAD_TAG_BYTES] = {0};
    struct error err;

    for (uint32_t i = 0; i < FRAMES; i++) {
        uint32_t in_file = i % FRAMES_PER_FILE;
        struct wal_header *header = &pool.headers[i / FRAMES_PER_FILE];
        struct frame_header head = {.lsn = i + 1, .commit_lsn = i + 1 - in_file % 2};
        struct frame frame;
        if (in_file == 0) {
            *header = (struct wal_header){.number = i / FRAMES_PER_FILE + 1, .first_lsn = i + 1};
            memset(header->log_id.bytes, 0x50 + (int)i, sizeof(header->log_id.bytes));
            memcpy(previous, header->log_id.bytes, sizeof(previous));
        }
        head.tenant.bytes[0] = (uint8_t)(1 + i % 2);
        memcpy(head.previous, previous, sizeof(previous));
        buf_init(&pool.frames[i], 64 * KIB);
        CHECK(frame_seal(&header->log_id, &head, &key, slice_from("records and more", i % 17),
                         &pool.frames[i], &err) == STATUS_OK);
        CHECK(frame_decode(buf_slice(&pool.frames[i]), &frame));
        memcpy(previous, frame.tag, sizeof(previous));
    }
    pool.is_made = true;
}

/* What is being made. */
struct making {
    struct memory_io memory;
    struct buf *file; /* the current one */
    uint64_t number;  /* of it, 0: none yet */
    uint32_t next_frame; /* of the pool, while the frames are in order */
    bool in_order;
};

static void begin_file(struct making *m, uint32_t skip)
{
    char path[WAL_PATH_BYTES];
    uint8_t header[WAL_HEADER_BYTES];
    uint64_t number = m->number + 1 + skip % 2;

    if (number > FILES)
        return;
    m->number = number;
    wal_path(number, path);
    m->file = memory_io_file(&m->memory, path);
    wal_header_encode(&pool.headers[number - 1], header);
    buf_add(m->file, header, sizeof(header));
    if (m->next_frame > (number - 1) * FRAMES_PER_FILE)
        m->in_order = false;
}

static void add_frame(struct making *m, uint32_t index, struct slice part)
{
    buf_add_slice(m->file, part);
    if (index < m->next_frame || index / FRAMES_PER_FILE != m->number - 1)
        m->in_order = false;
    m->next_frame = index + 1;
}

static void step(struct making *m, struct reader *r)
{
    uint8_t what = reader_u8(r);
    uint32_t index = what / 8u % FRAMES;
    struct slice frame = buf_slice(&pool.frames[index]);
    size_t where;

    if (m->file == NULL || what % 8 == 0) {
        begin_file(m, index);
        return;
    }
    switch (what % 8) {
    case 1: /* a whole frame */
    case 2:
        add_frame(m, index, frame);
        break;
    case 3: /* the front of one */
        add_frame(m, index, slice_head(frame, reader_u8(r) % frame.size));
        break;
    case 4: /* its end */
        add_frame(m, index, slice_tail(frame, reader_u8(r) % frame.size));
        break;
    case 5: /* a changed byte */
        where = reader_u16(r);
        if (m->file->size > 0)
            m->file->data[where % m->file->size] ^= (char)(1u << index % 8);
        break;
    case 6: /* the file ends sooner */
        where = reader_u16(r);
        m->file->size -= where % (m->file->size + 1);
        break;
    default: /* other bytes */
        buf_add_slice(m->file, reader_bytes(r, index < reader_left(r) ? index : reader_left(r)));
        break;
    }
}

static void check_frame(const struct log_item *item)
{
    uint64_t lsn = item->frame.header.lsn;

    CHECK(lsn >= 1 && lsn <= FRAMES);
    struct slice known = buf_slice(&pool.frames[lsn - 1]);
    CHECK(known.size == frame_size(&item->frame));
    CHECK(memcmp(item->frame.head.data, known.data, item->frame.head.size) == 0);
    CHECK(memcmp(item->frame.sealed.data, known.data + FRAME_HEADER_BYTES,
                 item->frame.sealed.size) == 0);
}

struct reading {
    enum status status;
    bool is_set_aside; /* the last file, of which nothing was left */
    uint64_t frames, lost, torn_bytes, last_lsn;
    uint32_t set; /* of frames, a bit each */
};

static bool has_aside(struct making *m)
{
    char path[WAL_PATH_BYTES], aside[WAL_PATH_BYTES + 8];
    bool found = false;

    for (uint64_t number = 1; number <= FILES; number++) {
        wal_path(number, path);
        (void)snprintf(aside, sizeof(aside), "%s.aside", path);
        found = found || io_exists(&m->memory.io, aside);
    }
    return found;
}

/* Frames come in order, and between two that are read as many lack as is said. */
static struct reading read_log(struct making *m, bool knows_files)
{
    struct reading reading = {.status = STATUS_OK};
    struct log_reader reader;
    struct log_item item;
    struct error err = {0};
    struct buf room;
    bool done = false;
    uint64_t lost = 0;

    buf_init(&room, MIB);
    CHECK(log_reader_open(&reader, &m->memory.io, &err) == STATUS_OK);
    CHECK(log_reader_renew(&reader, &err) == STATUS_OK);
    reading.torn_bytes = reader.torn_bytes;
    reading.is_set_aside = has_aside(m);
    reader.expected = knows_files ? 1 : 0;
    reader.last_wanted = knows_files ? FILES : 0;
    for (uint32_t round = 0; !done; round++) {
        CHECK(round < 1000);
        reading.status = log_reader_next(&reader, &room, &item, &done, &err);
        if (reading.status != STATUS_OK)
            break;
        if (!done && item.lost_count > 0) {
            lost += item.lost_count;
            reading.lost += item.lost_count;
        } else if (!done) {
            uint64_t lsn = item.frame.header.lsn;
            check_frame(&item);
            CHECK(lsn > reading.last_lsn);
            CHECK(reading.last_lsn == 0 || lsn - reading.last_lsn == lost + 1);
            CHECK(item.file >= 1 && item.file <= FILES);
            reading.frames++;
            reading.set |= 1u << (lsn - 1);
            reading.last_lsn = lsn;
            lost = 0;
        }
    }
    CHECK(reading.status == STATUS_OK || reading.status == STATUS_CORRUPT);
    log_reader_close(&reader);
    buf_release(&room);
    return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_from(data, size);
    struct making making = {.in_order = true};

    if (!pool.is_made)
        make_pool();
    memory_io_init(&making.memory);
    bool knows_files = reader_u8(&r) % 2 == 1;
    for (int i = 0; i < STEPS_MAX && reader_left(&r) > 0; i++)
        step(&making, &r);
    struct reading one = read_log(&making, knows_files);
    struct reading again = read_log(&making, knows_files);
    CHECK(!making.in_order || one.status == STATUS_OK);
    if (!one.is_set_aside) { /* else the one before it is the last now */
        CHECK(again.status == one.status && again.set == one.set && again.lost == one.lost);
        CHECK(again.torn_bytes == 0);
    }
    memory_io_release(&making.memory);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb_file.h - writes a small database of addresses for tests, as the MaxMind DB file
 * format 2.0 has it: a tree of 24-bit records over IPv6, the data, the metadata. */
#ifndef TEST_MMDB_FILE_H
#define TEST_MMDB_FILE_H

#include "test.h"

#include "base/buf.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mmdb_row {
    const char *network; /* IPv6; IPv4 as ::a.b.c.d */
    uint32_t prefix;
    const char *country, *state, *city; /* NULL: not there */
    double latitude, longitude;
};

static inline void mmdb_text(struct buf *b, const char *text) /* below 29 bytes */
{
    buf_add_byte(b, (char)(0x40 | strlen(text)));
    buf_add_text(b, text);
}

/* control: the type, and for the first seven the number of bytes */
static inline void mmdb_number(struct buf *b, int control, uint64_t value, int bytes)
{
    buf_add_byte(b, (char)control);
    for (int i = bytes - 1; i >= 0; i--)
        buf_add_byte(b, (char)(value >> (8 * i)));
}

static inline void mmdb_real(struct buf *b, const char *key, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    mmdb_text(b, key);
    mmdb_number(b, 0x68, bits, 8);
}

static inline void mmdb_named(struct buf *b, const char *key, const char *name)
{
    if (key != NULL)
        mmdb_text(b, key);
    buf_add_byte(b, (char)0xe1);
    mmdb_text(b, "names");
    buf_add_byte(b, (char)0xe1);
    mmdb_text(b, "en");
    mmdb_text(b, name);
}

static inline void mmdb_record(struct buf *b, const struct mmdb_row *row)
{
    int parts = (row->country != NULL) + (row->state != NULL) + (row->city != NULL);

    buf_add_byte(b, (char)(0xe0 | (parts + 1)));
    if (row->country != NULL)
        mmdb_named(b, "country", row->country);
    if (row->state != NULL) {
        mmdb_text(b, "subdivisions");
        mmdb_number(b, 1, 4, 1); /* an array (7 + 4) of one */
        mmdb_named(b, NULL, row->state);
    }
    if (row->city != NULL)
        mmdb_named(b, "city", row->city);
    mmdb_text(b, "location");
    buf_add_byte(b, (char)0xe2);
    mmdb_real(b, "latitude", row->latitude);
    mmdb_real(b, "longitude", row->longitude);
}

static inline void mmdb_metadata(struct buf *b, uint32_t node_count)
{
    buf_add_text(b, "\xab\xcd\xef" "MaxMind.com");
    buf_add_byte(b, (char)0xe9);
    mmdb_text(b, "node_count");
    mmdb_number(b, 0xc4, node_count, 4);
    mmdb_text(b, "record_size");
    mmdb_number(b, 0xa2, 24, 2);
    mmdb_text(b, "ip_version");
    mmdb_number(b, 0xa2, 6, 2);
    mmdb_text(b, "database_type");
    mmdb_text(b, "Test-City");
    mmdb_text(b, "binary_format_major_version");
    mmdb_number(b, 0xa2, 2, 2);
    mmdb_text(b, "binary_format_minor_version");
    mmdb_number(b, 0xa2, 0, 2);
    mmdb_text(b, "build_epoch");
    buf_add_byte(b, 8);
    mmdb_number(b, 2, 1, 8); /* 64 bits (7 + 2) */
    mmdb_text(b, "languages");
    mmdb_number(b, 1, 4, 1); /* an array (7 + 4) of one */
    mmdb_text(b, "en");
    mmdb_text(b, "description");
    buf_add_byte(b, (char)0xe1);
    mmdb_text(b, "en");
    mmdb_text(b, "test");
}

#define MMDB_NODES_MAX 2048u
#define MMDB_DATA (1u << 31) /* marks an offset in the data while the tree grows */

/* Leaves the file at `path`, whose six last characters are XXXXXX. */
static inline void mmdb_write(char *path, const struct mmdb_row *rows, size_t count)
{
    static uint32_t nodes[MMDB_NODES_MAX][2];
    uint32_t node_count = 1;
    struct buf data, file;

    memset(nodes, 0, sizeof(nodes)); /* 0: nothing, as no record leads to the root */
    buf_init(&data, MIB);
    buf_init(&file, MIB);
    for (size_t i = 0; i < count; i++) {
        unsigned char address[16];
        uint32_t node = 0;
        assert_int_equal(inet_pton(AF_INET6, rows[i].network, address), 1);
        for (uint32_t bit = 0; bit + 1 < rows[i].prefix; bit++) {
            uint32_t *next = &nodes[node][address[bit / 8] >> (7 - bit % 8) & 1];
            if (*next == 0)
                *next = node_count++;
            assert_true(node_count < MMDB_NODES_MAX);
            node = *next;
        }
        uint32_t last = rows[i].prefix - 1;
        nodes[node][address[last / 8] >> (7 - last % 8) & 1] = MMDB_DATA | (uint32_t)data.size;
        mmdb_record(&data, &rows[i]);
    }
    for (uint32_t i = 0; i < 2 * node_count; i++) {
        uint32_t record = nodes[i / 2][i % 2];
        uint32_t value = record == 0                 ? node_count
                         : (record & MMDB_DATA) == 0 ? record
                                                     : node_count + 16 + (record & ~MMDB_DATA);
        for (int byte = 2; byte >= 0; byte--)
            buf_add_byte(&file, (char)(value >> (8 * byte)));
    }
    for (int i = 0; i < 16; i++)
        buf_add_byte(&file, '\0');
    buf_add_slice(&file, buf_slice(&data));
    mmdb_metadata(&file, node_count);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file.data, file.size), file.size);
    (void)close(fd);
    buf_release(&data);
    buf_release(&file);
}

#endif

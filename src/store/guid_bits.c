/* SPDX-License-Identifier: Apache-2.0 */
/* guid_bits.c - GUIDs without the bits in which all of a dictionary agree: the version,
 * the variant, what a clock or a counter has in front (docs/format/segment.md). */
#include "base/bits.h"
#include "store/column_priv.h"

#include <endian.h>

struct halves {
    uint64_t word[2];
};

static struct halves halves_of(const struct guid *guid)
{
    struct halves ret;

    memcpy(&ret, guid->bytes, sizeof(ret));
    return (struct halves){{le64toh(ret.word[0]), le64toh(ret.word[1])}};
}

static void put_halves(struct buf *ret, const struct halves *halves)
{
    buf_put_u64(ret, halves->word[0]);
    buf_put_u64(ret, halves->word[1]);
}

void guid_bits_pack(const struct guid *guids, uint32_t count, struct buf *ret)
{
    struct halves first = count > 0 ? halves_of(&guids[0]) : (struct halves){{0, 0}};
    struct halves mask = {{0, 0}};

    for (uint32_t i = 0; i < count; i++) {
        struct halves guid = halves_of(&guids[i]);
        mask.word[0] |= guid.word[0] ^ first.word[0];
        mask.word[1] |= guid.word[1] ^ first.word[1];
    }
    put_halves(ret, &first);
    put_halves(ret, &mask);
    struct bit_writer w = {ret, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        struct halves guid = halves_of(&guids[i]);
        for (unsigned h = 0; h < 2; h++) {
            unsigned size = (unsigned)__builtin_popcountll(mask.word[h]);
            uint64_t bits = bits_gather(guid.word[h], mask.word[h]);
            unsigned low = size < 32 ? size : 32;
            bits_put(&w, bits & UINT32_MAX, low);
            bits_put(&w, bits >> 32, size - low);
        }
    }
    bits_end(&w);
}

bool guid_bits_unpack(struct slice packed, uint32_t count, struct guid *ret)
{
    struct reader head = reader_from(packed.data, packed.size);
    struct halves first = {{reader_u64(&head), 0}}, mask;

    first.word[1] = reader_u64(&head);
    mask.word[0] = reader_u64(&head);
    mask.word[1] = reader_u64(&head);
    if (head.failed)
        return false;
    struct bit_reader r = bit_reader_from(reader_bytes(&head, reader_left(&head)));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t words[2];
        for (unsigned h = 0; h < 2; h++) {
            unsigned size = (unsigned)__builtin_popcountll(mask.word[h]);
            unsigned low = size < 32 ? size : 32;
            uint64_t bits = bits_get(&r, low);
            bits |= bits_get(&r, size - low) << 32;
            words[h] = htole64((first.word[h] & ~mask.word[h]) | bits_scatter(bits, mask.word[h]));
        }
        memcpy(ret[i].bytes, words, sizeof(words));
    }
    return !r.failed && r.end - r.at < 8;
}

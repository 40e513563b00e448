/* SPDX-License-Identifier: Apache-2.0 */
#include "store/codes_priv.h"

#include <string.h>

struct codes codes_from(struct codes codes, uint32_t first)
{
    switch (codes.width) {
    case CODE_WIDE:
        codes.wide += first;
        break;
    case CODE_HALF:
        codes.halves += first;
        break;
    case CODE_BYTE:
        codes.bytes += first;
        break;
    case CODE_ZERO:
        break;
    }
    return codes;
}

enum code_width code_width_for(uint32_t dict_count)
{
    if (dict_count <= 1)
        return CODE_ZERO;
    if (dict_count <= UINT8_MAX + 1u)
        return CODE_BYTE;
    return dict_count <= UINT16_MAX + 1u ? CODE_HALF : CODE_WIDE;
}

size_t codes_bytes(enum code_width width, uint32_t count)
{
    static const uint8_t bytes[] = {
        [CODE_WIDE] = 4, [CODE_HALF] = 2, [CODE_BYTE] = 1, [CODE_ZERO] = 0};

    return (size_t)count * bytes[width];
}

struct codes codes_pack(const uint32_t *wide, uint32_t count, enum code_width width, void *room)
{
    uint16_t *halves = room;
    uint8_t *bytes = room;

    switch (width) {
    case CODE_WIDE:
        if (count > 0)
            memcpy(room, wide, (size_t)count * sizeof(*wide));
        return (struct codes){CODE_WIDE, {.wide = room}};
    case CODE_HALF:
        for (uint32_t i = 0; i < count; i++)
            halves[i] = (uint16_t)wide[i];
        return (struct codes){CODE_HALF, {.halves = room}};
    case CODE_BYTE:
        for (uint32_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)wide[i];
        return (struct codes){CODE_BYTE, {.bytes = room}};
    case CODE_ZERO:
        break;
    }
    return (struct codes){CODE_ZERO, {.bytes = NULL}};
}

/* A loop for each width; `zero` where no code is stored. */
#define BY_WIDTH(codes, loop, zero) \
    switch ((codes).width) {        \
    case CODE_WIDE:                 \
        loop((codes).wide);         \
        break;                      \
    case CODE_HALF:                 \
        loop((codes).halves);       \
        break;                      \
    case CODE_BYTE:                 \
        loop((codes).bytes);        \
        break;                      \
    case CODE_ZERO:                 \
        zero;                       \
        break;                      \
    }

bool codes_are_one(struct codes codes, uint32_t count)
{
    bool same = true;

    /* each is the one before */
#define SAME(in) same = memcmp((in), (in) + 1, (count - 1) * sizeof(*(in))) == 0
    BY_WIDTH(codes, SAME, same = true)
#undef SAME
    return same;
}

void codes_copy(struct codes codes, uint32_t count, uint32_t *ret)
{
#define COPY(in)                          \
    for (uint32_t i = 0; i < count; i++)  \
        ret[i] = (in)[i]
    BY_WIDTH(codes, COPY, memset(ret, 0, (size_t)count * sizeof(*ret)))
#undef COPY
}

void codes_take(struct codes codes, const uint32_t *places, uint32_t base, uint32_t count,
                uint32_t *ret)
{
#define TAKE(in)                          \
    for (uint32_t i = 0; i < count; i++)  \
        ret[i] = (in)[places[i] - base]
    BY_WIDTH(codes, TAKE, memset(ret, 0, (size_t)count * sizeof(*ret)))
#undef TAKE
}

uint32_t codes_keep(struct codes codes, const uint8_t *marks, uint32_t base, uint32_t *places,
                    uint32_t count)
{
    uint32_t kept = 0;

#define KEEP(in)                                  \
    for (uint32_t i = 0; i < count; i++) {        \
        uint32_t place = places[i];               \
        places[kept] = place;                     \
        kept += marks[(in)[place - base]];        \
    }
    BY_WIDTH(codes, KEEP, kept = marks[0] != 0 ? count : 0)
#undef KEEP
    return kept;
}

void codes_find(struct codes codes, const uint8_t *marks, uint32_t base, const uint32_t *places,
                uint32_t count, uint8_t *found)
{
    uint8_t all = marks[0];

#define FIND(in)                          \
    for (uint32_t i = 0; i < count; i++)  \
        found[i] |= marks[(in)[places[i] - base]]
#define FIND_ALL                          \
    for (uint32_t i = 0; i < count; i++)  \
        found[i] |= all
    BY_WIDTH(codes, FIND, FIND_ALL)
#undef FIND_ALL
#undef FIND
}

void codes_mark(struct codes codes, uint32_t count, uint8_t *marks)
{
#define MARK(in)                          \
    for (uint32_t i = 0; i < count; i++)  \
        marks[(in)[i]] = 1
    BY_WIDTH(codes, MARK, marks[0] |= count > 0)
#undef MARK
}

void codes_count(struct codes codes, uint32_t count, uint32_t *counts)
{
#define COUNT(in)                         \
    for (uint32_t i = 0; i < count; i++)  \
        counts[(in)[i]]++
    BY_WIDTH(codes, COUNT, counts[0] += count)
#undef COUNT
}

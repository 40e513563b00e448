/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guid.h"

#include "base/random.h"

/* 0 .. 15, or 255; lower-case letters are bit 4 away from nothing else. */
static uint8_t hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint8_t)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return (uint8_t)(c - 'A' + 10);
    return 255;
}

static bool is_hyphen_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

struct guid guid_new(void)
{
    struct guid guid;

    random_bytes(guid.bytes, sizeof(guid.bytes));
    guid.bytes[6] = (uint8_t)((guid.bytes[6] & 0x0f) | 0x40);
    guid.bytes[8] = (uint8_t)((guid.bytes[8] & 0x3f) | 0x80);
    return guid;
}

bool guid_parse(struct slice text, struct guid *ret)
{
    struct guid guid;
    size_t digits = 0;

    if (text.size == GUID_TEXT_BYTES + 2 && text.data[0] == '{' && text.data[37] == '}')
        text = slice_from(text.data + 1, GUID_TEXT_BYTES);
    if (text.size != GUID_TEXT_BYTES && text.size != 32)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.size == GUID_TEXT_BYTES && is_hyphen_place(i)) {
            if (text.data[i] != '-')
                return false;
            continue;
        }
        uint8_t value = hex_value(text.data[i]);
        if (value == 255)
            return false;
        if (digits % 2 == 0)
            guid.bytes[digits / 2] = (uint8_t)(value << 4);
        else
            guid.bytes[digits / 2] |= value;
        digits++;
    }
    *ret = guid;
    return true;
}

static unsigned lower_hex_value(char c)
{
    unsigned digit = (unsigned)(unsigned char)c - '0', letter = (unsigned)(unsigned char)c - 'a';

    return digit < 10 ? digit : letter < 6 ? letter + 10 : 255;
}

/* Stored texts pass here by the million: no branch a digit. */
bool guid_parse_lower(const char *text36, struct guid *ret)
{
    static const uint8_t places[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    struct guid guid;
    unsigned all = 0;

    if (text36[8] != '-' || text36[13] != '-' || text36[18] != '-' || text36[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof(guid.bytes); i++) {
        unsigned high = lower_hex_value(text36[places[i]]);
        unsigned low = lower_hex_value(text36[places[i] + 1]);
        all |= high | low;
        guid.bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (all > 15)
        return false;
    *ret = guid;
    return true;
}

void guid_format(const struct guid *guid, char ret[GUID_TEXT_BYTES + 1])
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < sizeof(guid->bytes); i++) {
        if (is_hyphen_place(at))
            ret[at++] = '-';
        ret[at++] = hex[guid->bytes[i] >> 4];
        ret[at++] = hex[guid->bytes[i] & 15];
    }
    ret[at] = '\0';
}

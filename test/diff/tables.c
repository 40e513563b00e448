/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - the records that questions are asked of: skewed and unique keys,
 * nulls, extremes, nested values, a table of one row and one of none. */
#include "forms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void *take_bytes(struct arena *arena, size_t size)
{
    struct error err;
    void *bytes = arena_alloc(arena, size == 0 ? 1 : size, &err);

    if (bytes == NULL) {
        fprintf(stderr, "diff: %s\n", err.text);
        exit(2);
    }
    return bytes;
}

const char *take_text(struct arena *arena, const char *format, ...)
{
    char text[512];
    va_list args, again;

    if (format == NULL) /* else a build with sanitizers is warned that it may be */
        abort();
    va_start(args, format);
    va_copy(again, args);
    size_t size = (size_t)vsnprintf(text, sizeof(text), format, args) + 1;
    char *copy = take_bytes(arena, size);
    if (size <= sizeof(text))
        memcpy(copy, text, size);
    else
        (void)vsnprintf(copy, size, format, again);
    va_end(again);
    va_end(args);
    return copy;
}

uint32_t roll(struct dice *dice, uint32_t below)
{
    if (dice->bytes != NULL) {
        uint32_t value = 0;
        for (uint32_t left = below - 1; left > 0; left >>= 8) {
            if (dice->size == 0)
                return 0;
            value = value << 8 | *dice->bytes++;
            dice->size--;
        }
        return value % below;
    }
    dice->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = dice->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % below);
}

static const char *const WORDS[] = {
    "alice", "Alice", "bob", "MailItemsAccessed", "\xe2\x80\x9cmail\xe2\x80\x9d", "mail items",
    "user\xe2\x80\x93z\xc3\xbcrich", "mail\xc2\xa0items", "mail-items", "UserLoggedIn",
    "user", "a.b@example.com", "example", "z\xc3\xbcrich", "", "10.0.0.1", "10.0", "12", "-7",
    "1.5", "a'b\\c\"d", "mail", "items", "LOGGED", "k=1 n=22", "k=x n=9", "nothing",
    "Z\xc3\x9cRICH",
};

struct slice words_of(uint32_t index)
{
    return slice_of(WORDS[index]);
}

uint32_t word_count(void)
{
    return sizeof(WORDS) / sizeof(WORDS[0]);
}

#define DAY_ONE (TICKS_UNIX_EPOCH + INT64_C(20454) * TICKS_PER_DAY) /* 2026-01-01 */

static const char *const BAGS[] = {
    "{\"a\":1,\"b\":\"alice\",\"c\":[1,2,3]}",
    "{\"a\":-5,\"b\":\"Mail Items\",\"c\":[]}",
    "{\"a\":null,\"b\":\"\",\"n\":{\"x\":7,\"y\":\"bob\"}}",
    "{\"b\":\"user\",\"c\":[\"u\",\"v\",\"u\"],\"n\":{\"x\":9}}",
    "[1,null,\"three\",4.5]",
    "[]",
    "{}",
    "{\"a\":2.5,\"c\":[{\"k\":1},{\"k\":2}],\"n\":{\"y\":\"z\"}}",
    "\"text\"",
    "17",
    "true",
};

/* `spread`: how many values a skewed column has. */
static struct value make_cell(struct dice *dice, const struct column *field, uint32_t row,
                              uint32_t spread)
{
    struct value v = {.type = field->type};
    char letter = field->name.data[0];

    if (field->type == TYPE_STRING) {
        v.bytes = letter == 'u' ? slice_of(WORDS[row % 4]) : words_of(roll(dice, spread + 10));
        return v;
    }
    v.is_null = letter != 'i' && letter != 'T' && chance(dice, 12);
    if (v.is_null)
        return v;
    switch (letter) {
    case 'i':
        v.integer = row + 1;
        break;
    case 'n':
        v.integer = chance(dice, 60) ? 3 : (int64_t)roll(dice, spread * 3) - 5;
        break;
    case 'm':
        v.integer = chance(dice, 3) ? INT64_MAX - roll(dice, 2) : (int64_t)roll(dice, 1000000);
        break;
    case 'r':
        v.real = (double)((int64_t)roll(dice, 4000) - 1000) / 8;
        break;
    case 'T':
    case 't':
        v.integer = DAY_ONE + (int64_t)roll(dice, 10 * 24 * 60) * TICKS_PER_MINUTE +
                    (chance(dice, 20) ? (int64_t)roll(dice, 600000000) : 0);
        break;
    case 'p':
        v.integer = ((int64_t)roll(dice, 100) - 20) * TICKS_PER_MINUTE * 7;
        break;
    case 'b':
        v.boolean = roll(dice, 2) == 1;
        break;
    case 'g':
        v.guid.bytes[0] = 0xab;
        v.guid.bytes[15] = (uint8_t)roll(dice, spread);
        break;
    default:
        v.bytes = slice_of(BAGS[roll(dice, sizeof(BAGS) / sizeof(BAGS[0]))]);
    }
    return v;
}

static struct table make_table(struct dice *dice, const char *name, const char *fields,
                               uint32_t rows)
{
    struct table t = {.name = name, .row_count = rows};
    struct slice rest = slice_of(fields), field;

    while (slice_next(&rest, ' ', &field)) {
        struct column *column = &t.shape.fields[t.shape.count++];
        size_t colon = slice_find_byte(field, ':', 0);
        column->name = slice_head(field, colon);
        column->type = type_of_letter(field.data[colon + 1]);
    }
    t.cells = calloc((size_t)rows * t.shape.count + 1, sizeof(*t.cells));
    if (t.cells == NULL)
        abort();
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < t.shape.count; c++)
            table_row(&t, r)[c] = make_cell(dice, &t.shape.fields[c], r, rows > 50 ? 14 : 5);
    }
    return t;
}

/* A sample that JSON can carry, so that a store can. */
static struct value some_sample(struct dice *dice, enum type type)
{
    const struct value *v;

    do {
        v = &sample_at(type, roll(dice, sample_count(type, chance(dice, 40))))->value;
    } while (type == TYPE_REAL && !v->is_null && !isfinite(v->real));
    return *v;
}

/* For forms.h: k and w are skewed, q and f small, e holds series, the rest samples. */
static struct value make_odd_cell(struct dice *dice, const struct column *field, uint32_t row)
{
    static const char *const series[] = {
        "[1,2,3]", "[2.5,-1,4,8,null,3]", "[0,0,0,0]", "[]", "[7]", "[1,2,3,4,1,2,3,4,1,2,3,9]",
        "[10,9,8,7,6,5,4,3,2,1,30,1,2,3,2,1]", "[1,null,null,4]", "[10000000000.5,2,0.001]",
    };
    struct value v = {.type = field->type};
    char letter = field->name.data[0];

    if (letter == 'i' && field->name.size == 2) {
        v.integer = row + 1;
    } else if (letter == 'T') {
        v.integer = DAY_ONE + (int64_t)roll(dice, 10 * 24 * 60) * TICKS_PER_MINUTE;
    } else if (letter == 'w') {
        v.bytes = words_of(roll(dice, 9));
    } else if (letter == 'k' || letter == 'q' || letter == 'f' || letter == 'e') {
        v.is_null = chance(dice, 8);
        v.integer = (int64_t)roll(dice, letter == 'k' ? 5 : 20) - (letter == 'q' ? 4 : 0);
        if (letter == 'f')
            v.real = (double)((int64_t)roll(dice, 400) - 100) / 16;
        if (letter == 'e')
            v.bytes = slice_of(series[roll(dice, sizeof(series) / sizeof(series[0]))]);
    } else {
        v = some_sample(dice, field->type);
    }
    return v;
}

#define ODD_ROWS 150u

static void make_odd(struct dice *dice, struct table *t)
{
    *t = make_table(dice, "Odd",
                    "id:l k:l w:s s:s z:s i:i n:l q:l r:r f:r c:# b:b t:t TimeGenerated:t p:p g:g "
                    "d:d e:d a:d",
                    ODD_ROWS);
    for (uint32_t r = 0; r < t->row_count; r++) {
        for (uint32_t c = 0; c < t->shape.count; c++)
            table_row(t, r)[c] = make_odd_cell(dice, &t->shape.fields[c], r);
    }
}

const struct table *tables_all(void)
{
    static struct table all[TABLES];
    static bool made;
    struct dice dice = {.state = 7};

    if (made)
        return all;
    made = true;
    all[0] = make_table(&dice, "Events",
                        "id:l n:l m:l r:r s:s s2:s d:d b:b t:t TimeGenerated:t p:p g:g", 180);
    all[1] = make_table(&dice, "Users", "id:l n:l u:s s:s r:r b:b TimeGenerated:t", 30);
    all[2] = make_table(&dice, "Empty", "id:l n:l r:r s:s d:d t:t TimeGenerated:t", 0);
    all[3] = make_table(&dice, "One", "id:l n:l s:s d:d TimeGenerated:t p:p", 1);
    all[4] = make_table(&dice, "Notes", "id:l s:s s3:s m:l d:d d2:d TimeGenerated:t g:g", 60);
    make_odd(&dice, &all[TABLES - 1]);
    return all;
}

enum type type_of_letter(char letter)
{
    switch (letter | 32) {
    case 'l':
    case 'k':
    case 'm':
        return TYPE_LONG;
    case 'i':
        return TYPE_INT;
    case 'r':
        return TYPE_REAL;
    case 's':
    case 'w':
        return TYPE_STRING;
    case 't':
        return TYPE_DATETIME;
    case 'p':
    case 'q':
        return TYPE_TIMESPAN;
    case 'b':
        return TYPE_BOOL;
    case 'g':
        return TYPE_GUID;
    case '#':
        return TYPE_DECIMAL;
    default:
        return TYPE_DYNAMIC;
    }
}

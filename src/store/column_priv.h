/* SPDX-License-Identifier: Apache-2.0 */
/* column_priv.h - how one column of a part is written and read back
 * (docs/format/segment.md, "Column entry").
 *
 * Encoding numbers the dictionary anew, in the order of first occurrence, and
 * forgets texts without a value; apart from that decoding gives back the same
 * texts, kinds and codes.  Everything here works on memory; one thread a call.
 */
#ifndef STORE_COLUMN_PRIV_H
#define STORE_COLUMN_PRIV_H

#include "base/limits.h"
#include "store/part_priv.h"

enum codes_encoding {
    CODES_CONST,
    CODES_IDENTITY,
    CODES_PLANES,
    CODES_RECENT,
    CODES_SAME,
    CODES_CONTEXT,
    CODES_EVENT,
    CODES_COUNT_
};

enum texts_encoding {
    TEXTS_NONE,
    TEXTS_PLAIN,
    TEXTS_GUID,
    TEXTS_INTEGER,
    TEXTS_TIME,
    TEXTS_GROUPED,
    TEXTS_GUID_BITS,
    TEXTS_COUNT_
};

#define CONTEXT_LIST_MAX 254u      /* codes a context remembers */
#define CONTEXT_CHAIN_MAX 8u       /* bases of bases, and donors */
#define CONTEXT_DICT_MAX 8192u     /* dictionary of a base */
#define COLUMN_VALUES_MAX (1u << 26)
#define COLUMN_STREAM_BYTES_MAX (1 * GIB)

/* A column in the header of a section. */
struct column_entry {
    uint8_t codes; /* enum codes_encoding */
    uint8_t texts; /* enum texts_encoding */
    bool is_inline;
    bool is_indexed;
    uint32_t value_count;
    uint32_t dict_count;
    uint32_t text_bytes;
    uint32_t base;     /* path, for SAME and CONTEXT */
    uint32_t donor;    /* path whose texts this one's are made of (text_borrow.c); 0: none */
    uint32_t size;     /* of the blob */
    uint64_t offset;   /* in the plain section, or in the header if is_inline */
};

/* ---- memory of decoded columns, not in core dumps ---- */
struct cache_block;
struct cache_memory {
    struct cache_block *blocks;
    size_t bytes, bytes_max;
};
void *cache_memory_alloc(struct cache_memory *memory, size_t size, struct error *err) MUST_USE;
void cache_memory_free(struct cache_memory *memory);

/* ---- part_rows.c: which row does a value belong to ---- */
/* Where the slots of each path are. */
struct path_use {
    uint32_t shape, slot;
};
struct path_uses {
    uint32_t *starts; /* path_count + 1 */
    struct path_use *uses;
};
enum status path_uses_build(const struct part *part, struct arena *arena, struct path_uses *ret,
                            struct error *err) MUST_USE;
/* The array path whose elements hold this path; 0 for the root. */
uint32_t path_parent(const struct part *part, const struct path_uses *uses, uint32_t path);
/* ret[value] = row, for every value.  The array columns above are loaded. */
enum status part_value_rows(const struct part *part, const struct path_uses *uses, uint32_t path,
                            uint32_t *ret, struct error *err) MUST_USE;
/* ret[value] = code of `base` for the same row or element, or its dict_count
 * for "absent".  Both columns and the arrays above `path` are loaded. */
enum status part_context_codes(const struct part *part, const struct path_uses *uses,
                               uint32_t path, uint32_t base, uint32_t *ret,
                               struct error *err) MUST_USE;
/* Does part_context_codes() need the rows of the values (arrays loaded)? */
bool part_context_needs_rows(const struct part *part, const struct path_uses *uses, uint32_t path,
                             uint32_t base);

/* ---- context_list.c: what stood last beside a value of the base ---- */
#define CONTEXT_ESCAPE 255u
struct context_list {
    uint32_t *codes; /* the most recent is the last; at most CONTEXT_LIST_MAX count */
    uint32_t end, capacity;
};
struct context_lists {
    struct context_list *lists;
    uint32_t *codes; /* of all lists */
};
/* One list for each context below context_count.  contexts: those that will be asked for,
 * value_count, in any order. */
enum status context_lists_init(struct context_lists *lists, uint32_t context_count,
                               const uint32_t *contexts, uint32_t value_count,
                               struct error *err) MUST_USE;
void context_lists_release(struct context_lists *lists);
/* The rank of the code in the list, or CONTEXT_ESCAPE; it is in front then. */
uint32_t context_rank(struct context_lists *lists, uint32_t context, uint32_t code);
/* After an escape: puts the code in front. */
void context_push(struct context_lists *lists, uint32_t context, uint32_t code);
/* The code at a rank, moved to the front; false if the list is shorter. */
bool context_take(struct context_lists *lists, uint32_t context, uint32_t rank, uint32_t *ret);

/* ---- streams ---- */
/* How the blobs of a section are packed. */
struct packing {
    int level;             /* zstd */
    uint32_t raw_bytes;    /* streams up to this are not worth a zstd frame */
    uint32_t inline_bytes; /* blobs up to this stand in the header */
};
/* Few rows are packed best in one piece, with the header. */
struct packing packing_for(uint32_t row_count, int level);
enum status stream_put(struct buf *ret, struct slice raw, struct packing how,
                       struct error *err) MUST_USE;
/* Of bytes that do not compress. */
void stream_put_plain(struct buf *ret, struct slice raw);
/* The next stream; *ret points into the input or into *memory. */
enum status stream_get(struct reader *reader, struct arena *scratch, struct slice *ret,
                       struct error *err) MUST_USE;
/* ---- planes.c ---- */
enum status planes_put(struct buf *ret, const uint32_t *tokens, uint32_t count, struct packing how,
                       struct error *err) MUST_USE;
/* In the arena; *ret_count is what the stream holds. */
enum status planes_get(struct reader *reader, struct arena *scratch, uint32_t **ret,
                       uint32_t *ret_count, struct error *err) MUST_USE;

static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}
static inline int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* ---- column_encode.c ---- */
struct column_encoder; /* state over the columns of one part */
/* thorough: try more encodings (merges, compaction). */
enum status column_encoder_new(const struct part *part, struct packing how, bool thorough,
                               struct column_encoder **ret, struct error *err) MUST_USE;
void column_encoder_free(struct column_encoder *encoder);
/* Appends the blob of a path's column to *blob and fills *ret (but for the place). */
enum status column_encode(struct column_encoder *encoder, uint32_t path, struct buf *blob,
                          struct column_entry *ret, struct error *err) MUST_USE;

/* ---- text_encode.c ---- */
/* The texts of a dictionary: picks an encoding and appends its streams. */
enum status texts_encode(const struct slice *texts, uint32_t count, struct packing how,
                         bool thorough, struct buf *ret, uint8_t *ret_encoding,
                         struct error *err) MUST_USE;
/* The reverse: dict_count texts of text_bytes bytes in all, that are not GUIDs. */
enum status texts_decode(const struct column_entry *entry, struct reader *reader,
                         struct arena *scratch, struct cache_memory *memory, struct slice *ret,
                         struct error *err) MUST_USE;
static inline bool texts_are_guids(uint8_t texts) /* enum texts_encoding */
{
    return texts == TEXTS_GUID || texts == TEXTS_GUID_BITS;
}
/* The same of GUID and GUID_BITS: as they are, for guids_to_texts(). */
enum status guids_decode(const struct column_entry *entry, struct reader *reader,
                         struct arena *scratch, struct cache_memory *memory,
                         const struct guid **ret, struct error *err) MUST_USE;
/* text: count * GUID_TEXT_BYTES + 1 bytes, which ret points into. */
void guids_to_texts(const struct guid *guids, uint32_t count, char *text, struct slice *ret);

/* ---- text_borrow.c: texts that another column has too ---- */
enum borrow_mode {
    BORROW_WHOLE = 1, /* some texts are the donor's, the others its own */
    BORROW_ENDS,      /* texts end in the donor's; what stands in front is its own */
};
#define BORROW_NONE UINT32_MAX
#define BORROW_TEXTS_MIN 64u /* of a dictionary that borrows or lends */
struct borrowing {
    enum borrow_mode mode;
    const struct slice *texts; /* count */
    const uint32_t *refs;      /* count: the donor's code as it is written, or BORROW_NONE */
    const struct slice *donor; /* its texts by that code */
    uint32_t count;
};
/* Appends what borrow_decode() reads; *ret_encoding is that of the own texts.  are_guids:
 * they and the donor's are (BORROW_WHOLE only). */
enum status borrow_encode(const struct borrowing *borrowing, bool are_guids, struct packing how,
                          struct buf *ret, uint8_t *ret_encoding, struct error *err) MUST_USE;
/* The donor's column is loaded, with texts unless the entry's are GUIDs.  Fills dict
 * or guids of *ret, as entry->texts says. */
enum status borrow_decode(const struct column_entry *entry, const struct path_column *donor,
                          struct reader *reader, struct arena *scratch,
                          struct cache_memory *memory, struct path_column *ret,
                          struct error *err) MUST_USE;

/* ---- text_index.c: which columns of a part have a text ---- */
struct text_index;
enum status text_index_new(const struct part *part, struct text_index **ret,
                           struct error *err) MUST_USE;
void text_index_free(struct text_index *index); /* NULL allowed */
/* The column that has most of a path's texts (a sample of them), of those that
 * may_lend(context, donor) allows; 0 if none has enough. */
uint32_t text_index_donor(const struct text_index *index, uint32_t path,
                          bool (*may_lend)(void *context, uint32_t donor), void *context);
/* The code that a text has in a column; BORROW_NONE. */
uint32_t text_index_code(const struct text_index *index, uint32_t path, struct slice text);

/* ---- guid_bits.c ---- */
void guid_bits_pack(const struct guid *guids, uint32_t count, struct buf *ret);
/* ret: count; false if the bytes are not those of so many. */
bool guid_bits_unpack(struct slice packed, uint32_t count, struct guid *ret) MUST_USE;

/* ISO times of one form (segment.md, TIME). */
#define TIME_FORM_COUNT 16u
bool time_form_of(struct slice text, uint8_t *ret_form, int64_t *ret_ticks);
size_t time_form_size(uint8_t form);
int64_t time_form_unit(uint8_t form); /* ticks of its last digit */
void time_form_write(uint8_t form, int64_t ticks, char *ret);

/* ---- column_decode.c ---- */
struct column_bytes {
    const struct column_entry *entry;
    struct slice blob;
};
/* What the encoding leans on (base, arrays above, event times) is loaded. */
enum status column_decode(const struct part *part, const struct path_uses *uses, uint32_t path,
                          const struct column_bytes *source, struct cache_memory *memory,
                          struct path_column *ret, struct error *err) MUST_USE;

/* ---- row data: SEQS, TIMES, RECEIVED, FLAGS (row_encode.c) ---- */
enum row_data { ROW_SEQS, ROW_TIMES, ROW_RECEIVED, ROW_FLAGS, ROW_DATA_COUNT_ };
enum status row_data_encode(const struct part *part, enum row_data which, struct packing how,
                            struct buf *blob, struct column_entry *ret,
                            struct error *err) MUST_USE;
/* The part's seqs are loaded for RECEIVED. *ret: row_count of uint64_t, int64_t
 * or uint8_t. */
enum status row_data_decode(const struct part *part, enum row_data which,
                            const struct column_entry *entry, struct slice blob,
                            struct cache_memory *memory, void **ret,
                            struct error *err) MUST_USE;

#endif

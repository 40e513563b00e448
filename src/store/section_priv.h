/* SPDX-License-Identifier: Apache-2.0 */
/* section_priv.h - one section: a part as plain bytes and back, its facts as
 * an entry, its encryption (docs/format/segment.md).
 */
#ifndef STORE_SECTION_PRIV_H
#define STORE_SECTION_PRIV_H

#include "crypt/chunked.h"
#include "store/column_priv.h"
#include "store/segment_priv.h"

#define SECTION_FORMAT 5u
#define SECTION_FORMAT_TERMS 5u /* the index is of terms as base/term.h has them; before: all
                                 * bytes above 127 are of terms */
#define SECTION_FORMAT_BLOCKS 4u /* ranks say in which blocks they are; before: in all */
#define SECTION_FORMAT_OLD 1u /* read, without its index */
#define SECTION_HEADER_BYTES_MAX (64 * MIB)
#define SECTION_BYTES_MAX (4 * GIB)
#define SECTION_ENTRY_BYTES_MAX 512u
#define INDEX_PAGE_ENTRIES 512u
#define INDEX_SEED_LABEL "daybook/index/v1"

/* A page of the entity index. */
struct index_page {
    uint32_t first; /* fingerprint */
    uint32_t size;  /* bytes */
    uint64_t offset; /* in the plain section */
};

/* A decoded header.  All of it is in the arena of `part`; the part has shapes
 * and paths but no column. */
struct section_header {
    struct part *part;
    struct chunked_reader reader;  /* sections in files: of their other bytes */
    atomic_bool has_seed;
    atomic_uint_fast64_t seed;     /* of the index, once somebody asked it */
    struct path_uses uses;
    struct column_entry rows[ROW_DATA_COUNT_];
    struct column_entry *columns; /* by path */
    struct same_column {
        uint32_t path, as;        /* the index has the entries of `as` for both */
    } *same;
    uint32_t same_count;
    struct index_page *pages;
    uint32_t page_count;
    uint8_t index_bits;           /* of a fingerprint */
    uint8_t form;
    bool has_index;               /* false: it is of an old form */
    uint32_t *ranks;              /* rank -> path */
    uint64_t *rank_blocks;        /* rank -> the blocks that it has entries in */
    uint32_t rank_count;
    bool has_escaped_literals;    /* keys that JSON may show otherwise */
    struct slice raw;             /* the header's bytes: inline blobs */
    bool has_open_raw;            /* a record is kept whole and not in quarantine: it may hold
                                   * anything, and the index does not know */
};

/* ---- section_encode.c ---- */
struct section_options {
    int level;          /* zstd */
    bool thorough;
    uint64_t index_seed;
};
/* The plain section.  Fills header_packed, header_raw, index_pages and times of *info. */
enum status section_encode(const struct part *part, const struct section_options *options,
                           struct buf *ret, struct section_info *info,
                           struct error *err) MUST_USE;

/* ---- section_decode.c ---- */
/* raw: the unpacked header, which is copied. */
enum status section_header_decode(const struct section_info *info, struct slice raw,
                                  struct section_header **ret, struct error *err) MUST_USE;
/* The path whose entries in the index stand for those of a path: the one it is the SAME as. */
uint32_t section_indexed_as(const struct section_header *header, uint32_t path);
void section_header_free(struct section_header *header); /* NULL allowed */
/* A part of its own with the header's shapes and paths (shared, so the header
 * must outlive it). */
enum status section_header_view(const struct section_header *header, struct part **ret,
                                struct error *err) MUST_USE;

/* ---- section_entry.c ---- */
void section_entry_put(struct buf *ret, const struct section_info *info);
enum status section_entry_get(struct reader *reader, struct section_info *ret,
                              struct error *err) MUST_USE;
/* What a part says about itself. */
void section_info_from_part(const struct part *part, struct section_info *ret);
#define SECTION_CONTEXT_BYTES_MAX 64u
struct slice section_context(const struct section_info *info, const char *label,
                             uint8_t ret[SECTION_CONTEXT_BYTES_MAX]);
/* Draws a file key, seals `plain` behind *ret, fills wrapped_key, size_bytes
 * and crc of *info. */
enum status section_seal(struct keyring *keyring, struct section_info *info, struct slice plain,
                         struct buf *ret, struct error *err) MUST_USE;
enum status section_unwrap(struct keyring *keyring, const struct section_info *info,
                           struct key *ret, struct error *err) MUST_USE;
enum status section_index_seed(struct keyring *keyring, const struct guid *tenant, uint64_t *ret,
                               struct error *err) MUST_USE;

/* ---- entity_index.c ---- */
struct entity_index {
    struct buf pages;     /* one behind the other */
    struct buf directory; /* fingerprint bits, then first and size of each page */
    uint32_t page_count;
};
/* Fills *ret (whose buffers are empty), sets is_indexed of the columns. */
enum status entity_index_build(const struct part *part, const struct path_uses *uses,
                               uint64_t seed, struct column_entry *columns,
                               struct entity_index *ret, struct error *err) MUST_USE;
uint32_t entity_block_count(uint32_t row_count);
uint32_t entity_fingerprint(uint64_t seed, struct slice unit);
/* The one page that may hold a fingerprint, or UINT32_MAX. */
uint32_t entity_index_page(const struct index_page *pages, uint32_t count, uint32_t fingerprint);
struct index_hit {
    uint32_t rank;   /* of a path */
    uint64_t blocks; /* a bit each */
};
/* Where in a page the reading may begin: behind each INDEX_STEP_PRINTS fingerprints. */
#define INDEX_STEP_PRINTS 16u
struct index_step {
    uint32_t print; /* the last before */
    uint32_t bit;   /* of the page's bits */
};
struct index_probe {
    uint32_t first;       /* fingerprint of the page */
    uint32_t fingerprint; /* that is asked for */
    uint32_t rank_count;         /* of the section */
    const uint64_t *rank_blocks; /* by rank: the blocks that it has entries in */
    const struct index_step *steps; /* of the page; step_count may be 0 */
    uint32_t step_count;
};
/* Appends the steps (struct index_step each) of a page; `fingerprint` is not asked. */
enum status entity_index_steps(struct slice page, const struct index_probe *probe,
                               struct buf *ret, struct error *err) MUST_USE;
/* Where the fingerprint is; ret has room for rank_count hits. */
enum status entity_index_probe(struct slice page, const struct index_probe *probe,
                               struct index_hit *ret, uint32_t *ret_count,
                               struct error *err) MUST_USE;
/* Has a text without strong terms a size to be a unit of an indexed column? */
bool entity_is_indexed(struct slice value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* verify_priv.h - evidence and records of a tenant being checked, and what is said of them: for
 * who checks all of it (api_verify.c) and for who checks receipts (api_receipt.c). */
#ifndef SHARE_VERIFY_PRIV_H
#define SHARE_VERIFY_PRIV_H

#include "share/share_priv.h"

/* Leaves next to each other. */
struct verify_run {
    uint64_t first_leaf, leaf_count, first_seq, bytes;
    uint32_t count; /* of records */
};

struct verify {
    struct share *share;
    const struct http_request *request;
    struct http_response *response;
    struct guid tenant;
    struct slice name;
    uint64_t leaf_count; /* whose records are in the store for sure */
    uint64_t findings, gaps;
    uint64_t said_gaps, said_others; /* of the findings: they have a line */
    uint64_t gap_leaf, gap_first, gap_end; /* not said yet: gap_end > 0 */
    struct verify_run run;
    struct buf raw;                            /* of the run's records */
    struct { size_t at, size; } *records;      /* size SIZE_MAX: it is not there */
    uint64_t records_first;
    struct ingest_lost *lost; /* of all tenants, once somebody asked; else NULL */
    uint32_t lost_count;
};

/* Answers a request: `check` is called with the leaves of each tenant in reach, all of whose
 * records have reached the store. */
typedef enum status verify_check(struct verify *v, const struct reach *reach,
                                 const uint64_t *leaf_counts, struct error *err);
enum status verify_answer(struct share *share, const struct http_request *request,
                          struct http_response *response, verify_check *check,
                          struct error *err) MUST_USE;

/* Goes on with another tenant of those in reach. */
void verify_begin(struct verify *v, const struct reach *reach, uint32_t index,
                  uint64_t leaf_count);
/* STATUS_CANCELLED once nobody wants the answer any more. */
enum status verify_go_on(const struct verify *v, struct error *err) MUST_USE;

struct verify_finding {
    const char *kind;
    uint64_t leaf, seq_first, seq_last; /* no records: seq_last < seq_first */
};
void verify_line(struct verify *v, bool is_ok, const struct verify_finding *finding,
                 const char *text);
/* Counts the finding; those of a tenant have lines up to a bound. */
enum status verify_find(struct verify *v, const struct verify_finding *finding, const char *text,
                        struct error *err) MUST_USE;
/* It is about the data, and not about this look at it. */
bool verify_is_finding(enum status status);

/* The records of v->run against their evidence. */
enum status verify_records(struct verify *v, struct error *err) MUST_USE;
/* Has the log lost these?  Of no numbers at all that cannot be said: they count as lost. */
enum status verify_are_lost(struct verify *v, uint64_t first, uint64_t last, bool *ret,
                            struct error *err) MUST_USE;
#define VERIFY_EVIDENCE_IS_GONE                                                                    \
    "the evidence of these records is gone, and no loss of the log explains it"

#endif

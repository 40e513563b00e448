/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every bound of the program, with its unit and its reason.
 *
 * A number that limits something stands here and nowhere else.  Relations
 * between bounds are asserted at the end.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* ---- memory ---- */
#define ARENA_BLOCK_BYTES_MIN (2 * KIB) /* of the first block; arena.c says how they grow */
#define ARENA_BLOCK_BYTES (32 * KIB)    /* of the largest; a typical small query fits in one */
#define ARENA_BUDGET_BYTES_MAX (8 * GIB)

/* ---- ingest ---- */
#define REQUEST_BODY_BYTES_MAX (64 * MIB)  /* decoded; above it 413 and nothing is stored */
#define REQUEST_RECORDS_MAX 1000000u       /* each costs about 130 bytes beside its own */
#define SMALL_BODY_RECORDS_MAX 2048u       /* one with more is let in as a large one is, below
                                            * LARGE_BODY_BYTES, too: they cost as much again */
#define REQUEST_TOKEN_BYTES_MAX (64 * MIB) /* JSON tokens kept; records behind are parsed again */
#define REQUEST_TOKENS_SHARE 4 /* of the body's bytes: usual ones take one or two, the most eight */
#define DELIVERY_TOKENS_MAX 2097152u /* of what becomes a part at once, 40 bytes each meanwhile; a
                                      * leaf of usual records has no more */
#define REQUEST_MEMORY_BYTES_MAX (640 * MIB) /* all that a request may allocate; a runaway stop */
#define INGEST_BODIES_BYTES_MAX (256 * MIB) /* of requests at work; more wait for a 429 */
#define INGEST_RESERVE_BYTES (32 * MIB)    /* free space left for the server's own records */
#define MERGE_SMALL_BYTES MIB              /* what a merge may write on a nearly full disk */
#define WAL_AHEAD_BYTES (4 * MIB) /* of a file of the log made ahead; at most two are there */
#define AUDIT_RESERVE_BYTES (8 * MIB)      /* kept as a file, given up when there is none left */
#define REQUEST_RATIO_MAX 200              /* decoded to encoded bytes, after the first MiB */
#define ZSTD_WINDOW_LOG_MAX 23             /* 8 MiB */
#define LEAF_RECORDS_MAX 10000             /* records of one evidence leaf */
#define LEAF_BYTES_MAX (16 * MIB)          /* raw bytes of one evidence leaf */
#define RECORD_BYTES_MAX (1 * MIB)         /* above it the record is quarantined whole */
#define JSON_DEPTH_MAX 64                  /* deeper records are quarantined */
#define DEDUPE_VERSIONS_MAX 16u            /* versions of one Id before a save that lie under it */
#define DEDUPE_VERSIONS_LOOKED_MAX 1024u   /* of what many saves put there */
#define DEDUPE_DAYS 7                      /* the memory for duplicates, from receipt */
#define IDEMPOTENCY_KEY_BYTES_MAX 256
#define WAL_FILE_BYTES (64 * MIB)          /* a new file after this */
#define WAL_BYTES_MAX (512 * MIB)          /* bounds the restart; a flush is forced before */
#define WAL_BYTES_FLUSH (WAL_BYTES_MAX / 4) /* of the log, that start one */
#define WAL_SYNC_SLOW_US UINT64_C(1000000) /* from here on somebody should look at the disk */
#define TIME_PAST_YEARS 20                 /* event times outside are filed under receive time */
#define TIME_FUTURE_DAYS 1

/* ---- names ---- */
#define TENANT_NAME_BYTES_MAX 128
#define TABLE_NAME_BYTES_MAX 64
#define COLUMN_NAME_BYTES_MAX 256
#define TENANT_TOKENS_MAX 10000u /* that are valid, or known to have been */
#define TENANT_TABLES_MAX 1000u /* that senders named; a table costs a section in each flush */

/* ---- store ---- */
#define PART_ROWS_MAX 65536u        /* codes fit two bytes */
#define PART_SHAPES_MAX 1024u       /* further shapes fall back to whole raw records */
#define PART_PATHS_MAX 4096u        /* distinct columns of a part; more fall back too */
#define SHAPE_SLOTS_MAX 2048u       /* leaves of one record; more fall back to raw */
#define PART_PATH_BYTES_MAX (4 * KIB) /* text of one path; longer ones fall back to raw */
#define PART_MEMORY_BYTES_MAX (1 * GIB) /* arena of one part */
#define PART_JOIN_BYTES_MAX (64 * MIB)  /* memory of parts that are joined in memory */
/* Values of parts and sections that are joined: 64 of each of PART_ROWS_MAX rows.  A join takes up
 * to 28 bytes for each of them meanwhile, and so does encoding a section, whatever a part takes:
 * of elements that are all the same it keeps no more than their number. */
#define PART_VALUES_MAX 4194304u
#define PART_RAW_BYTES_MAX (16 * MIB)   /* of rows that are kept whole because they had to be, in
                                         * one section; a row may have more */
#define INDEX_BLOCK_ROWS 1024u      /* the entity index names blocks of so many rows */
#define BLOCK_CACHE_BYTES (128 * MIB) /* rows in memory and decoded columns, at least; */
#define CACHE_PART_OF_MEMORY 16u      /* this part of the memory where it is more; `cache_mib` */
#define CIPHER_CHUNK_BYTES (16 * KIB)
#define MEMORY_ROWS_FLUSH 98304u    /* rows in memory over all tenants that start a flush */
/* Rows in memory.  Above it, those on their way counted too, a large body waits for the flush,
 * three turns of a second, and then gets 429.  A small one waits only above 5/4 of it, of those on
 * their way only the small ones' counted, for a second at most, and then comes in all the same, as
 * long as LATE_BYTES_MAX lasts. */
#define MEMORY_ROWS_MAX 196608u
#define MEMORY_BYTES_MAX (128 * MIB) /* the same for their bytes: mostly about 600 a row */
#define LATE_BYTES_MAX (128 * MIB) /* of small bodies that find no room in a second, until there is
                                    * some again; half of it for a tenant; then 429.  A record
                                    * counts at least MEMORY_ROW_BYTES */
#define HELD_TEXT_ROWS_MAX 16u        /* a batch in memory of more rows is a part at once */
#define HELD_TEXT_BYTES_MAX (64 * KIB)
#define HELD_PARTS_BYTES_MAX (8 * MIB) /* of parts that queries made of texts, kept */
#define MEMORY_ROW_BYTES 600u       /* of a row that is on its way there */
#define MEMORY_BYTES_FLUSH (64 * MIB) /* bytes of the rows in memory that start a flush */
#define MEMORY_AGE_FLUSH_MS 600000u /* age of the oldest row in memory that starts one */
#define MEMORY_AGE_FLUSH_MS_MAX 21600000u /* the same where tenants have a few rows each */
#define FLUSH_SHELF_ROWS 512u       /* of a tenant and table, on average: worth a section; fewer
                                     * are a few rows each */
#define FREE_BYTES_FLUSH (2 * INGEST_RESERVE_BYTES) /* with less free on the disk a flush starts
                                     * early: rows take less in a segment than in the log */
#define FREE_AGE_FLUSH_MS 2000u     /* that early: the age of the oldest row */
#define SMALL_TENANT_ROWS 4096u     /* below it rows stay in shared files */

/* ---- query ---- */
#define BATCH_ROWS_MAX 4096u          /* fits L2 with a dozen eight-byte columns */
#define TABLE_COLUMNS_MAX 1000u
#define QUERY_TEXT_BYTES_MAX (256 * KIB)
#define QUERY_BODY_BYTES_MAX (4 * MIB)  /* with parameters, as JSON: 16 bytes a token in memory */
#define QUERY_PARAMETERS_BYTES_MAX (128 * KIB) /* as JSON; recorded whole, as is the text */
#define SCOPE_BODY_BYTES_MAX (16 * MIB) /* indicators */
#define SCOPE_INDICATORS_MAX 10000u
#define SCOPE_BYTES_MAX (512 * MIB) /* of the ids that a scope found; E_RUNAWAY_QUERY above it */
#define BODY_TOKENS_MAX 131072u /* values and keys of a JSON body, 2 MiB of memory: the most
                                 * indicators have 50,000, the longest parameters 65,536 */
#define ORDER_BODY_BYTES_MAX (64 * KIB) /* of other JSON objects, which are recorded whole */
#define QUERY_DEPTH_MAX 200u        /* brackets and operators within one another */
#define QUERY_NODES_MAX 50000u
#define QUERY_LEVELS_MAX 2000u      /* of a text's tree, and while it is bound with the functions
                                     * it calls: a row of 1,000 operators is one of 1,000 */
#define QUERY_EXPR_DEPTH_MAX 4000u  /* of an expression, calls of functions filled in */
#define QUERY_PLAN_DEPTH_MAX 1000u  /* operators over one another, some being several */
#define QUERY_MEMORY_BYTES (512 * MIB) /* default budget; E_RUNAWAY_QUERY above it */
#define QUERY_ROWS_MAX 500000u         /* result: E_QUERY_RESULT_SET_TOO_LARGE */
#define QUERY_RESULT_BYTES_MAX (64 * MIB)
#define QUERY_OPERATOR_ROWS_MAX 50000000u
#define QUERY_TIME_MS 240000u
#define QUERY_TIME_MS_MAX 3600000u
#define QUERY_STRING_BYTES_MAX (16 * MIB)
#define WATCHLIST_BYTES_MAX (4 * MIB)
#define EXTERNAL_BYTES_MAX (64 * MIB) /* of one address, decoded */
#define EXTERNAL_TIME_MS 30000u
#define ZONE_BYTES_MAX (64 * KIB) /* table of one time zone; the longest has under 4 KiB */
#define REGEX_BYTES_MAX (8 * MIB) /* memory of one compiled pattern */
#define REGEX_STEPS_MAX 268435456u /* bytes times instructions of a search: a second at most */
#define DYNAMIC_BYTES_MAX (16 * MIB)

/* ---- control plane ---- */
#define META_DATABASE_BYTES_MAX (2 * GIB) /* what a sum is made of; the copy is read at once */
#define TENANT_DOCUMENT_BYTES_MAX (64 * MIB) /* watchlists and functions of a tenant, sealed */
#define CONTROL_RESERVE_BYTES (64 * MIB) /* not for them: for tenants, tokens, revocations */

/* ---- wire ---- */
#define CONNECTIONS_MAX 512u
#define CERTIFICATE_WARNING_S (INT64_C(30) * 86400) /* before it ends, it is told */
#define CONNECTIONS_PER_ADDRESS_MAX 256u
#define HEADER_LINE_BYTES_MAX (8 * KIB)
#define HEADERS_BYTES_MAX (32 * KIB)
#define HEADER_TIMEOUT_MS 10000u
#define IDLE_TIMEOUT_MS 30000u
#define DRAIN_TIMEOUT_MS 30000u
#define HEADER_COUNT_MAX 100u
#define QUERY_PARAMETERS_MAX 100u
#define BODY_RATE_BYTES_MIN 1024u           /* a second, after BODY_GRACE_MS; slower is cut off */
#define BODY_GRACE_MS 10000u
#define LARGE_BODY_BYTES (256 * KIB)         /* from here on: in turn, and behind small ones */
#define BODIES_BYTES_MAX (512 * MIB)        /* of all requests under way; above it 429 */
#define DECODERS_MAX 4u /* at a time, of bodies that do not say how large they are decoded */
#define REQUEST_ARENA_BYTES (256 * MIB)     /* what a handler may allocate */
#define RESPONSE_BYTES_MAX (256 * MIB)      /* of a buffered answer */
#define ANSWERS_KEPT_BYTES_MAX (512 * MIB) /* of large ones in one piece that wait for their
                                            * readers; half of it for a tenant; above it 429 */
#define CONNECTION_POOL_BYTES (64 * KIB)    /* the HTTP library's memory of a connection */
#define NO_BODY_BYTES_MAX (4 * KIB)         /* where none is wanted: of GET and DELETE */
#define DISCARD_BYTES_MAX (64 * KIB)        /* of a refused body, so that the answer is read */
#define DISCARD_TRUSTED_BYTES_MAX (128 * MIB) /* the same with a valid token */
#define CLIENT_ANSWER_BYTES_MAX (1 * GIB)
#define WEBHOOK_TIMEOUT_MS 10000u
#define WEBHOOK_ANSWER_BYTES_MAX (64 * KIB)

/* ---- keeper ---- */
#define KEEPER_CHANNELS_MAX 16u  /* sockets, and so requests at a time */
#define KEEPER_TIMEOUT_MS 10000u /* for one answer, waiting for a free socket included */

_Static_assert(RECORD_BYTES_MAX <= LEAF_BYTES_MAX, "a record fits a leaf");
_Static_assert(LEAF_BYTES_MAX <= REQUEST_BODY_BYTES_MAX, "a leaf fits a request");
_Static_assert(2 * QUERY_TEXT_BYTES_MAX + QUERY_PARAMETERS_BYTES_MAX < RECORD_BYTES_MAX / 4 * 3,
               "what was asked fits a record, as JSON");
_Static_assert(QUERY_DEPTH_MAX < QUERY_LEVELS_MAX && QUERY_LEVELS_MAX < QUERY_EXPR_DEPTH_MAX,
               "what the parser takes can be bound, and what is bound evaluated");
_Static_assert(LEAF_RECORDS_MAX <= PART_ROWS_MAX, "a leaf fits a part");
_Static_assert(DELIVERY_TOKENS_MAX <= PART_VALUES_MAX / 2, "two parts of batches are joined");
_Static_assert(MEMORY_ROWS_FLUSH < MEMORY_ROWS_MAX && MEMORY_BYTES_FLUSH < MEMORY_BYTES_MAX &&
                   WAL_BYTES_FLUSH < WAL_BYTES_MAX,
               "a flush starts before anybody waits for it");
_Static_assert(WATCHLIST_BYTES_MAX < TENANT_DOCUMENT_BYTES_MAX, "a tenant has room for one");
_Static_assert(RESPONSE_BYTES_MAX <= ANSWERS_KEPT_BYTES_MAX / 2, "a tenant has room for an answer");
_Static_assert((INDEX_BLOCK_ROWS & (INDEX_BLOCK_ROWS - 1)) == 0, "power of two");
_Static_assert((BATCH_ROWS_MAX & (BATCH_ROWS_MAX - 1)) == 0, "power of two");

#endif

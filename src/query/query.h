/* SPDX-License-Identifier: Apache-2.0 */
/* query.h - KQL: text in, batches out.
 *
 * parse -> bind -> plan (read-only) -> vectorised operators.  One query has
 * one arena with a byte budget, a deadline and a cancel flag; it runs on
 * thread_count threads.  All functions are thread-safe on different queries.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "base/arena.h"
#include "codec/mmdb.h"
#include "table/source.h"

/* What a query can see, filled by the caller.  All callbacks may be NULL. */
struct query_env {
    void *context;
    /* A table by name: STATUS_NOT_FOUND if there is none.  The source lives
     * until the query ends. */
    enum status (*table)(void *context, struct slice name, struct table_source **ret,
                         struct error *err);
    /* KQL text of a view or stored function with this name, or an empty slice.
     * For a view that shares its name with a table, the text may use that name:
     * inside it the name means the table. */
    struct slice (*view)(void *context, struct slice name);
    /* All names, for wildcards and "did you mean". */
    void (*names)(void *context, void (*each)(void *arg, struct slice name), void *arg);
    /* The tables among them that hold rows, for `*` alone.  NULL: all names. */
    void (*stored)(void *context, void (*each)(void *arg, struct slice name), void *arg);
    /* "(parameters) { body }" of a stored function, or an empty slice; it lives
     * until the query ends.  It comes before a table and a view of the name: give none
     * that would hide rows. */
    struct slice (*function)(void *context, struct slice name);
    /* All their names, for completion. */
    void (*functions)(void *context, void (*each)(void *arg, struct slice name), void *arg);
    /* The text of a watchlist as CSV with a line of names first, in the arena.
     * STATUS_NOT_FOUND if there is none. */
    enum status (*watchlist)(void *context, struct slice alias, struct arena *arena,
                             struct slice *ret, struct error *err);
    void (*watchlists)(void *context, void (*each)(void *arg, struct slice name), void *arg);
    /* What stands at an address, for externaldata, in the arena.  STATUS_DENIED if
     * the address is not allowed; NULL: none is. */
    enum status (*fetch)(void *context, struct slice url, struct arena *arena,
                         struct slice *ret, struct error *err);
    /* NULL, or told what `table` may ask while it works for long: STATUS_OK, or the error that
     * ends it.  check NULL: the query is done. */
    void (*watch)(void *context, enum status (*check)(void *query, struct error *err),
                  void *query);
    const struct mmdb *places; /* geo_info_from_ip_address(); NULL: it knows none */
};

struct query_parameter {
    struct slice name;
    struct slice text; /* a KQL literal, or plain text for a declared string parameter */
};

/* Instead of its rows a query can give its plan. */
enum query_explain {
    EXPLAIN_NOT,
    EXPLAIN_PLAN,    /* operator, detail: a row an operator, inputs below and indented */
    EXPLAIN_ANALYZE, /* run on one thread and measured: rows and self_us besides */
};

struct query_request {
    struct slice text;
    const struct query_parameter *parameters;
    uint32_t parameter_count;
    const struct query_env *env; /* NULL: no tables */
    const struct guid *tenants;  /* passed to every scan */
    uint32_t tenant_count;
    struct slice principal;      /* current_principal(); "" if it is nobody's */
    int64_t now;                 /* ticks: now() */
    bool has_watermark;          /* rows with a _Seq above `watermark` are not seen */
    uint64_t watermark;
    /* `set` in the text can lower these, and raise those of time and rows that are 0. */
    size_t memory_bytes;         /* 0 = QUERY_MEMORY_BYTES */
    uint64_t time_ms;            /* 0 = QUERY_TIME_MS */
    uint64_t rows_max;           /* 0 = QUERY_ROWS_MAX; UINT64_MAX = none */
    uint32_t thread_count;       /* 0 = 1 */
    const atomic_bool *cancelled; /* may be NULL */
    enum query_explain explain;
    bool check_only;             /* parse and bind, do not run */
    bool no_pushdown;            /* scans are told no filters: for tests of what they leave out */
};

/* Gets the result of the last tabular statement, from one thread at a time.  Where its
 * last operator gives several tables (fork, facet ...), the further ones come behind it. */
struct query_sink {
    /* NULL where the columns are known. */
    enum status (*begin)(struct query_sink *sink, const struct schema *schema,
                         struct error *err);
    enum status (*rows)(struct query_sink *sink, const struct batch *batch, struct error *err);
    /* A further table: the rows behind it are its.  NULL: only the first is wanted, and a
     * warning says that there are more. */
    enum status (*table)(struct query_sink *sink, struct slice name, const struct schema *schema,
                         struct error *err);
};

enum query_phase { QUERY_PHASE_PARSE, QUERY_PHASE_BIND, QUERY_PHASE_RUN };
const char *query_phase_name(enum query_phase phase); /* "parse" ... */

/* What is legal but suspicious, at its place in the text of the query. */
struct query_warning {
    uint32_t line, column; /* from 1 */
    char code[16];         /* "KS_UNUSED" ... */
    char text[160];
};
#define QUERY_WARNINGS_MAX 20u /* further ones are not said */

struct query_stats {
    enum query_phase phase; /* where it was when it failed */
    struct scan_stats scan; /* summed over all scans */
    uint64_t rows;          /* of the result */
    uint64_t elapsed_us, memory_bytes;
    struct query_warning warnings[QUERY_WARNINGS_MAX];
    uint32_t warning_count;
};

/* Errors carry line, column and a code (E_RUNAWAY_QUERY,
 * E_QUERY_RESULT_SET_TOO_LARGE, E_QUERY_TIMEOUT ...), and name the nearest
 * known name for an unknown one. */
enum status query_run(const struct query_request *request, struct query_sink *sink,
                      struct query_stats *ret_stats, struct error *err) MUST_USE;

/* Appends what an answer covers, as members behind others:
 * ,"complete":true,"watermark":N,"scanned":{"rows","parts","parts_skipped","bytes","from","to"} */
void query_add_coverage(struct buf *buf, const struct query_stats *stats);
/* What is legal but suspicious: ,"warnings":[{"line","column","code","message"},...]; nothing
 * without. */
void query_add_warnings(struct buf *buf, const struct query_stats *stats);
/* The first of them alone; if it is false "gap" and "gap_code" say why. */
void query_add_complete(struct buf *buf, const struct scan_stats *scan);

/* Appends the query in its canonical layout: the same tokens and comments, with other
 * blanks and line breaks.  STATUS_INVALID with line and column for a text that is no
 * query. */
enum status query_format(struct slice text, struct buf *ret, struct error *err) MUST_USE;

/* Is the text "(parameters) { body }" and no more, so that it can be stored under the name?
 * Names in it are looked up where it is called.  STATUS_INVALID with line and column. */
enum status query_check_function(struct slice name, struct slice text,
                                 struct error *err) MUST_USE;

/* ---- completion: what can stand at a cursor ---- */

enum query_item_kind {
    ITEM_OPERATOR,
    ITEM_KEYWORD,
    ITEM_TABLE,
    ITEM_COLUMN,
    ITEM_FUNCTION,
    ITEM_AGGREGATE,
    ITEM_LET,
    ITEM_VALUE,
};
const char *query_item_kind_name(enum query_item_kind kind); /* "operator" ... */

struct query_item {
    enum query_item_kind kind;
    struct slice text;    /* what to write: a value comes as a literal */
    struct slice detail;  /* a signature, a type, how many rows have the value */
    struct slice summary; /* one line, or empty */
};

#define QUERY_ITEMS_MAX 200u

struct query_completion {
    uint32_t from, to; /* bytes of the text that a choice replaces */
    const struct query_item *items;
    uint32_t count;
    bool complete;    /* false: there are more than are listed */
    bool read_values; /* rows were read: who asked is to be recorded */
};

/* What can stand at byte `at` of the request's text (up to its end).  The pipeline
 * before the cursor is bound as far as it makes sense; behind a comparison the most
 * frequent values are read, within some tens of milliseconds.  Text that makes no
 * sense gives no items; it is not an error.  Items live in the arena. */
enum status query_complete(const struct query_request *request, uint32_t at, struct arena *arena,
                           struct query_completion *ret, struct error *err) MUST_USE;

/* Appends one value as JSON as the command line prints it: datetime ISO with 7
 * digits and Z, timespan d.hh:mm:ss.fffffff, long exact, NaN and infinities as
 * strings, dynamic as JSON. */
void query_add_json(struct buf *buf, const struct value *value);
/* The same of a row of a column. */
void query_add_cell(struct buf *buf, const struct vector *column, uint32_t row);
/* The same as text for a table or CSV (not escaped). */
void query_add_text(struct buf *buf, const struct value *value);

/* Appends the reference of the language as Markdown: operators, functions, aggregates
 * with an example each (docs/user/kql.md). */
enum status query_add_reference(struct buf *ret, struct error *err) MUST_USE;

#endif

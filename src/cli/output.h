/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - rows on stdout: a table for people, NDJSON, JSON or CSV for programs.
 *
 * Cells come as JSON values (tokens of an answer).  In a table, log data cannot
 * steer the terminal: control and bidi characters are escaped, in names, too.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/options.h"
#include "codec/json.h"

#include <stdatomic.h>

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_NDJSON, OUTPUT_CSV };

/* By -o; without it a table on a terminal and NDJSON in a pipe. */
enum status output_format_from(const struct options *options, enum output_format *ret,
                               struct error *err) MUST_USE;

struct output {
    enum output_format format;
    const struct slice *columns; /* names, decoded; OUTPUT_TABLE: and printable */
    uint32_t column_count;
    uint64_t row_count;
    bool is_uncut;       /* OUTPUT_TABLE: long cells are shown whole; set it after the begin */
    struct buf buf;      /* what is not written yet */
    struct slice *cells; /* OUTPUT_TABLE: all cells, decoded and printable */
    size_t cell_count, cell_capacity;
    struct arena *arena;
};

enum status output_begin(struct output *output, enum output_format format,
                         const struct slice *columns, uint32_t column_count, struct arena *arena,
                         struct error *err) MUST_USE;
/* The array or object token `row` of `text` has column_count values; the keys
 * of an object are not looked at. */
enum status output_row(struct output *output, struct slice text, const struct json_tape *tape,
                       uint32_t row, struct error *err) MUST_USE;
/* What there is is written now; a table waits for its end. */
enum status output_flush(struct output *output, struct error *err) MUST_USE;
enum status output_end(struct output *output, struct error *err) MUST_USE;
/* In place of output_end(), after a failure. */
void output_drop(struct output *output);

/* Writes all of it to stdout; STATUS_IO when it is closed.  A terminal gets control characters
 * (but newline and tab) as text: it would obey those of a record. */
enum status output_write(struct slice bytes, struct error *err) MUST_USE;
/* The same of JSON, in which these and what turns the direction of a line are \uXXXX wherever it
 * goes: behind a pipe there may be a terminal. */
enum status output_write_json(struct slice json, struct error *err) MUST_USE;
/* Once it is true output_write() ends with STATUS_CANCELLED; NULL: nothing stops it. */
void output_set_stop(const atomic_bool *stop);
/* What stdout gets is shown on a terminal though it is none: a pager stands between. */
void output_set_paged(bool paged);
/* Who read stdout has had enough (head, a pager): for commands that only read, no failure. */
bool output_was_left(const struct error *err);
/* The status of writing, which is no failure then: for what has a verdict of its own. */
enum status output_unless_left(enum status status, const struct error *err);

#endif

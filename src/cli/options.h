/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - command line arguments by a table.
 *
 * Options may stand anywhere; `--name value` and `--name=value` are the same;
 * `--` ends them.  Values are borrowed from argv.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/arena.h"
#include "base/buf.h"

#define OPTION_VALUES_MAX 256u

struct option {
    const char *name;     /* "tenant"; "o" for the short form -o */
    bool has_value;
    bool many;            /* may be given more than once */
    const char *argument; /* "NAME", for the help; NULL without a value */
    const char *help;
};

struct option_value {
    const struct option *option;
    const char *value; /* "" for a flag */
};

struct options {
    struct option_value values[OPTION_VALUES_MAX];
    uint32_t value_count;
    const char **words; /* what is not an option, in order */
    uint32_t word_count;
};

/* STATUS_INVALID names what is wrong and how it should be.  -h is --help. */
enum status options_parse(const struct option *table, uint32_t table_count, int argc,
                          const char **argv, struct arena *arena, struct options *ret,
                          struct error *err) MUST_USE;
bool options_has(const struct options *options, const char *name);
/* The last value given, or `fallback`. */
const char *options_get(const struct options *options, const char *name, const char *fallback);
/* Appends the table as help text. */
void options_help(const struct option *table, uint32_t table_count, struct buf *ret);

#endif

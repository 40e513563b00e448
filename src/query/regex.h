/* SPDX-License-Identifier: Apache-2.0 */
/* regex.h - regular expressions in linear time and bounded memory, over RE2.
 *
 * A compiled pattern is immutable; any number of threads may match with it.
 */
#ifndef QUERY_REGEX_H
#define QUERY_REGEX_H

#include "base/error.h"
#include "base/slice.h"

struct eval;
struct regex;

enum regex_flag {
    REGEX_NOCASE = 1,
    REGEX_DOT_NEWLINE = 2, /* '.' matches a line feed */
    REGEX_LITERAL = 4,     /* the pattern is plain text */
};

#define REGEX_GROUPS_MAX 64u /* groups beyond are matched but not given back */

/* STATUS_INVALID names what is wrong with the pattern. The caller owns *ret. */
enum status regex_new(struct slice pattern, unsigned flags, struct regex **ret,
                      struct error *err) MUST_USE;
void regex_free(struct regex *regex); /* NULL allowed */

struct slice regex_pattern(const struct regex *regex); /* lives as long */
uint32_t regex_group_count(const struct regex *regex); /* without the whole match */

/* The number of the group (?P<name>...), or -1. */
int64_t regex_group_named(const struct regex *regex, struct slice name);

/* The first match at or after byte `from`.  groups[0] is the whole match,
 * groups[i] group i; one that did not take part has data == NULL.
 * group_count <= REGEX_GROUPS_MAX + 1, may be 0. */
bool regex_find(const struct regex *regex, struct slice text, size_t from, struct slice *groups,
                uint32_t group_count);

/* STATUS_LIMIT if a search of so many bytes may take more than REGEX_STEPS_MAX.  Most take
 * a step a byte, but whether this one does shows only when it cannot be stopped. */
enum status regex_allow(const struct regex *regex, size_t size, uint32_t group_count,
                        struct error *err) MUST_USE;

/* The matches in a text one after the other, as long as the query's time lasts; an empty
 * one is followed by a search one byte on. */
struct regex_matches {
    struct eval *eval;
    const struct regex *regex;
    struct slice text;
    size_t from; /* where the next search begins */
    size_t end;  /* of the match before; no empty one begins there */
    bool found;  /* regex_next() had one */
};
enum status regex_next(struct regex_matches *m, struct slice *groups, uint32_t group_count,
                       struct error *err) MUST_USE;

#endif

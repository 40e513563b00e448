/* SPDX-License-Identifier: Apache-2.0 */
/* search.h - text search with KQL's rules, for the engine and for sources.
 *
 * What a term is base/term.h says.  `has` finds its text where no term goes on beyond either
 * end of it; an end of the text that is no term character needs no boundary.  Where the case
 * is not exact, letters are the same as base/fold.h says; a part of ASCII takes the quick way,
 * as it can be the same as ASCII only.
 */
#ifndef TABLE_SEARCH_H
#define TABLE_SEARCH_H

#include "base/slice.h"

static inline unsigned char search_fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 32) : c;
}

bool search_equal(struct slice text, struct slice part, bool exact_case);
bool search_starts(struct slice text, struct slice part, bool exact_case);
bool search_ends(struct slice text, struct slice part, bool exact_case);
bool search_contains(struct slice text, struct slice part, bool exact_case);
/* has; *_open: no boundary is asked for at that end (hasprefix, hassuffix). */
bool search_has(struct slice text, struct slice term, bool exact_case, bool prefix_open,
                bool suffix_open);
/* The next term of the text at or after *at (moved behind it); false: no more. */
bool search_next_term(struct slice text, size_t *at, struct slice *ret);

#endif

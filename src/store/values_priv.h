/* SPDX-License-Identifier: Apache-2.0 */
/* values_priv.h - the dictionary of a path as values of a KQL type.
 *
 * Made at the first query that wants the path as that type and kept with the
 * part; several threads may ask at once.  Element dict_count stands for "not
 * there": null, or the empty string.
 */
#ifndef STORE_VALUES_PRIV_H
#define STORE_VALUES_PRIV_H

#include "store/part_priv.h"
#include "table/type.h"

struct path_values {
    struct path_values *next; /* the same path as another type */
    enum type type;
    bool is_parsed;       /* dynamic: texts that are arrays or objects of JSON are those */
    uint32_t count;       /* dict_count + 1 */
    const void *data;     /* count elements, as in a vector of the type */
    const uint8_t *nulls; /* count bytes; NULL for strings */
    bool unique;          /* no two elements are equal */
    bool is_run;          /* strings: they stand one behind the other in memory, but the last */
    uint32_t *rewritten;  /* strings: the codes whose texts have escapes, so that they are others
                           * than in the dictionary; rising, owned */
    uint32_t rewritten_count;
    uint64_t id;          /* dict_id of vectors */
    char *text;           /* decoded bytes, owned */
    size_t bytes;         /* of this block */
    _Atomic(uint32_t *) tally; /* how many rows of the part have each; made on demand, owned */
};

/* path: a value path whose dictionary is loaded.  Lives as long as the part. */
enum status path_values_get(const struct part *part, uint32_t path, enum type type,
                            const struct path_values **ret, struct error *err) MUST_USE;
/* The same as dynamic values, of which is_parsed is true. */
enum status path_values_parsed(const struct part *part, uint32_t path,
                               const struct path_values **ret, struct error *err) MUST_USE;
/* The decoded text of a leaf as a value of a type that is not carried as a
 * slice; false = null. */
bool leaf_to_fixed(enum type type, struct slice text, void *ret);
void path_values_free(struct path_values *values); /* the whole list; NULL allowed */
size_t path_values_bytes(const struct path_values *values);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* layout_priv.h - the two ends of making a part, shared by building and joining.
 *
 *   1. The maker counts: shapes of a shape_table get their row_count.
 *   2. layout_begin() numbers the shapes that are used (records first) and the
 *      paths they need, and gives every column room for its values.
 *   3. The maker fills rows, codes and dictionaries; array paths in rising
 *      order, each opened with layout_open_array() when its counts are there.
 *   4. layout_finish() moves all of it into the arena of the part.
 */
#ifndef STORE_LAYOUT_PRIV_H
#define STORE_LAYOUT_PRIV_H

#include "store/dictionary_priv.h"
#include "store/shape_priv.h"

struct layout {
    struct part *part;
    uint32_t *shape_map; /* shape of the table -> of the part, SHAPE_NONE if unused */
    uint32_t *path_map;  /* path of the table -> of the part, UINT32_MAX if unused */
    struct dictionary *dictionaries; /* per path of the part */
    uint32_t *codes;     /* all columns; paths[i].codes points in here */
    uint32_t *cursors;   /* per shape: elements placed so far */
};

/* part: tenant, table and arena are set. */
enum status layout_begin(struct layout *layout, struct part *part, struct shape_table *table,
                         struct error *err) MUST_USE;
void layout_release(struct layout *layout);
/* Computes value_starts from the element counts. */
enum status layout_open_array(struct layout *layout, uint32_t path,
                              struct error *err) MUST_USE;
/* Notes the shape of the next element; returns its rank. */
uint32_t layout_place_element(struct layout *layout, uint32_t path, uint32_t element,
                              uint32_t shape);
void layout_set_row(struct layout *layout, uint32_t row, const struct record *record,
                    int64_t received_us);
enum status layout_finish(struct layout *layout, struct error *err) MUST_USE;

/* A part with nothing in it but its arena, tenant and table. */
enum status part_new(const struct guid *tenant, struct slice table, size_t memory_bytes,
                     struct part **ret, struct error *err) MUST_USE;

#endif

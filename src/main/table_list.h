/* SPDX-License-Identifier: Apache-2.0 */
/* table_list.h - the declared tables without a mapping: content/tables/.
 *
 *   # comment
 *   time Timestamp                  event time of the tables that follow
 *   * SourceSystem _BilledSize:real columns that each of them has besides its own
 *   TableName
 *     Column Column:type ...        string where no type is named
 *
 * A table starts at the first column of its line, its columns are indented, on
 * any number of lines.
 */
#ifndef MAIN_TABLE_LIST_H
#define MAIN_TABLE_LIST_H

#include "base/arena.h"
#include "store/store.h"

/* An upper bound of the tables in the text. */
uint32_t table_list_count(struct slice text);
/* Appends the tables to tables[*count]; names and columns lie in the arena or in
 * `text`, which must live as long.  STATUS_INVALID with the line. */
enum status table_list_read(struct slice text, struct arena *arena,
                            struct table_definition *tables, uint32_t *count,
                            struct error *err) MUST_USE;

#endif

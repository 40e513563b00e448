/* SPDX-License-Identifier: Apache-2.0 */
/* examine_priv.h - what ingest reads out of a record: Id, time, table, owner.
 *
 * Pure functions over the tokens of one record.
 */
#ifndef INGEST_EXAMINE_PRIV_H
#define INGEST_EXAMINE_PRIV_H

#include "table/record.h"

struct examination {
    struct slice id;     /* "" = none; text of the JSON value as it stands */
    bool is_audit;       /* RecordType, Operation and CreationTime are there */
};

struct examine_options {
    struct guid tenant;
    const char *time_column; /* of the table, or NULL */
    int64_t received_us;
};

/* Sets event_time and the flags TIME_BAD, TIME_MISSING and FOREIGN of a record
 * (a quarantined one gets its receive time) and reports the rest. */
void examine_record(const struct examine_options *options, struct record *record,
                    struct examination *ret);

/* Written by this program only. */
bool table_name_is_reserved(struct slice name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* kql_table.h - the table T, a column of each type, for the targets that run queries. */
#ifndef FUZZ_KQL_TABLE_H
#define FUZZ_KQL_TABLE_H

#include "query/query.h"

/* T and nothing else.  Its scans check what they are asked for. */
const struct query_env *kql_table_env(void);

#endif

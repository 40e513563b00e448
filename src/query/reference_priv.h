/* SPDX-License-Identifier: Apache-2.0 */
/* reference_priv.h - examples of the operators, for the reference and its tests. */
#ifndef QUERY_REFERENCE_PRIV_H
#define QUERY_REFERENCE_PRIV_H

/* A query of one value, which is true; NULL if there is none for the operator. */
const char *reference_example(const char *name);

#endif

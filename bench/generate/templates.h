/* SPDX-License-Identifier: Apache-2.0 */
/* templates.h - the texts of the records, one a kind. */
#ifndef GENERATE_TEMPLATES_H
#define GENERATE_TEMPLATES_H

#include "generate/record.h"

extern const char *const template_texts[RECORD_KIND_COUNT_];

#endif

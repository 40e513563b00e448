/* SPDX-License-Identifier: Apache-2.0 */
/* cut.h - records into batches of one tenant, on to the queue. */
#ifndef LOAD_CUT_H
#define LOAD_CUT_H

#include "load/sender.h"

/* From the generator, while the senders take. */
enum status cut_stream(struct load *load, struct stream *stream, uint32_t batch_records,
                       struct error *err) MUST_USE;
/* From a file of NDJSON that daybook-generate wrote for load->world; the batches are packed,
 * so that the senders only send.  The queue must have room for all of them. */
enum status cut_file(struct load *load, const char *path, uint32_t batch_records,
                     struct error *err) MUST_USE;

#endif

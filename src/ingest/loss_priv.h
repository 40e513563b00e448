/* SPDX-License-Identifier: Apache-2.0 */
/* loss_priv.h - which records are lost because the log was damaged.
 *
 * A replay says where frames lack (loss_note) and which frame comes next of a tenant
 * (loss_close); what its numbers leave out is lost.  At the end of the log a number
 * that may have been given is not given again: loss_end() leaves out as many as the
 * lost frames can have had.  What is lost is kept in ingest/lost (docs/format/
 * ingest.md), twice.  One thread at a time.
 */
#ifndef INGEST_LOSS_PRIV_H
#define INGEST_LOSS_PRIV_H

#include "base/io.h"
#include "crypt/leaf.h"
#include "ingest/ingest.h"
#include "ingest/log_read_priv.h"
#include "ingest/tenant_priv.h"

#define LOSS_PATH "ingest/lost"

struct loss {
    struct ingest_lost *items;
    uint32_t count, capacity;
    bool is_changed; /* not all is on the disk */
    /* of this replay: frames whose tenant is not known */
    uint64_t frames, saved_frames;
};

enum status loss_load(struct loss *loss, struct io *io, struct error *err) MUST_USE;
/* Does nothing unless something changed. */
enum status loss_save(struct loss *loss, struct io *io, struct error *err) MUST_USE;
/* ingest_accept_lost(); saves it. */
enum status loss_accept(struct loss *loss, struct io *io, const struct ingest_lost *accepted,
                        struct error *err) MUST_USE;
void loss_release(struct loss *loss);

/* Frames lack; is_saved: the saved counters have their numbers.  The tenant of the
 * first one may be known. */
void loss_note(struct loss *loss, struct tenant *suspect, uint64_t frame_count, bool is_saved);

/* The tenant goes on at this leaf.  *ret_skip: leaves lack before it. */
enum status loss_close(struct loss *loss, const struct ingest_options *options,
                       struct tenant *tenant, const struct leaf_fields *next, bool *ret_skip,
                       struct error *err) MUST_USE;
/* The log is read: the counters move behind what may be lost of the tenant. */
enum status loss_end(struct loss *loss, const struct ingest_options *options,
                     struct tenant *tenant, bool *ret_skip, struct error *err) MUST_USE;

#endif

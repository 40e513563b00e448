/* SPDX-License-Identifier: Apache-2.0 */
/* document.h - watchlists and stored functions: sealed under the tenant's key, in the
 * control plane.  Functions of the instance (tenant zero), which are for all tenants, are
 * kept as they are. */
#ifndef SHARE_DOCUMENT_H
#define SHARE_DOCUMENT_H

#include "base/arena.h"
#include "crypt/keyring.h"
#include "meta/meta.h"

struct documents {
    struct meta *meta;
    struct keyring *keyring;
};

/* Checks name and text (a watchlist: CSV with names in its first line; a function:
 * "(parameters) { body }") and stores it.  STATUS_INVALID says what is wrong. */
enum status document_put(const struct documents *documents, const struct guid *tenant,
                         enum meta_document_kind kind, const struct meta_document *plain,
                         struct arena *arena, struct error *err) MUST_USE;
/* The text, in the arena.  STATUS_NOT_FOUND. */
enum status document_get(const struct documents *documents, const struct guid *tenant,
                         enum meta_document_kind kind, struct slice name, struct arena *arena,
                         struct meta_document *ret, struct error *err) MUST_USE;

#endif

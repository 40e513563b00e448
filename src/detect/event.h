/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - what the streaming rules read of a record, taken from its tape. */
#ifndef DETECT_EVENT_H
#define DETECT_EVENT_H

#include "base/arena.h"
#include "table/record.h"

/* What is kept of a field: identifiers are short, and what is written of a hit has several. */
#define EVENT_FIELD_BYTES_MAX 512u

struct event {
    struct slice operation, id, user, mailbox, app, address, session;
    int64_t time; /* ticks */
    uint64_t seq;
    bool is_mail_access; /* MailItemsAccessed with mailbox and application */
    bool is_sign_in;     /* UserLoggedIn */
    bool is_refused;     /* UserLoginFailed: anybody can cause one, from any address */
    bool is_undated;     /* time is when it was received: it tells no age of others */
};

/* Slices point into the record or, where that has escapes, into the arena *scratch, which is
 * made when the first is met: a value is the same in each of its writings.  A field that is too
 * long is cut between two characters.  The application is ClientAppId where there is one, else
 * AppId: with delegated tokens AppId names the API that was called. */
enum status event_from_record(const struct record *record, struct arena **scratch,
                              struct event *ret, struct error *err) MUST_USE;
/* A JSON string's text, as a field. */
enum status event_decode(struct slice *text, struct arena **scratch, struct error *err) MUST_USE;

/* The network of an address as text: /16 of IPv4 (also within IPv6), /32 of IPv6, the same
 * in whichever way the address is written; of what is no address that, cut to what fits. */
#define NETWORK_BYTES 48
struct slice event_network(struct slice address, char ret[NETWORK_BYTES]);

#endif

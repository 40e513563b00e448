/* SPDX-License-Identifier: Apache-2.0 */
/* control.h - changes of the control plane in a trial, against a ledger.
 *
 * Settings and watchlists get new values, tokens are added and revoked, tenants added.
 * What was answered is there from then on; what got no answer, as the process or the power
 * went in it, is there whole or not at all; what was refused is not. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "base/random.h"
#include "meta/meta.h"

#define CONTROL_OBJECTS 22u

struct trial;

struct control_object {
    uint64_t value; /* 0: it is not there; tokens: 1 valid, 2 revoked */
    uint64_t maybe; /* the value of a change without an answer; 0 may be one, too */
    bool has_maybe;
    char text[TOKEN_TEXT_BYTES]; /* of a token whose addition was answered */
    struct guid id;              /* of a token */
};

struct control {
    struct rng rng; /* of its own: what else a seed does stays the same */
    uint64_t last_value;
    struct control_object objects[CONTROL_OBJECTS];
    uint64_t answers;
};

void control_step(struct trial *trial);
void control_compare(struct trial *trial);

#endif

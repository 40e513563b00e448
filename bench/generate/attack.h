/* SPDX-License-Identifier: Apache-2.0 */
/* attack.h - the intrusion, planned beforehand, and the truth about it.
 *
 * With tokens that nobody signed in for, an actor reads 60 mailboxes of 25
 * tenants from 6 addresses over 30 days, through an application that other
 * mailboxes, some of them in the same tenants, use every day.
 */
#ifndef GENERATE_ATTACK_H
#define GENERATE_ATTACK_H

#include "generate/message.h"
#include "generate/record.h"
#include "generate/timeline.h"

#include <stdio.h>

#define ATTACK_ADDRESSES 6u
#define ATTACK_APP 137u /* in world.apps */
#define ATTACK_DAYS 30u
#define ATTACK_FIRST_DAY 15u
#define ATTACK_MAILBOXES 60u
#define ATTACK_TENANTS 25u

struct attack_access {
    uint64_t position; /* record number in the stream */
    int64_t time_s;
    uint32_t victim; /* in attack.victims */
    uint32_t address;
    uint32_t folder;
    uint32_t messages[EVENT_MESSAGES];
    uint32_t message_count; /* 0: a sync of the folder */
    bool is_throttled;
};

struct attack {
    const struct world *world;
    char addresses[ATTACK_ADDRESSES][ADDRESS_BYTES];
    uint32_t victims[ATTACK_MAILBOXES]; /* in world.users */
    uint32_t victim_count;
    struct attack_access *accesses; /* by position */
    uint32_t access_count;
};

/* Also lets others use the actor's application (changes the world's users). */
enum status attack_plan(struct world *world, const struct timeline *timeline, uint64_t seed,
                        uint64_t record_count, struct attack *ret, struct error *err) MUST_USE;
void attack_release(struct attack *attack);
bool attack_is_victim(const struct attack *attack, uint32_t user);

/* The truth as one JSON object. */
enum status attack_write_truth(const struct attack *attack, FILE *file,
                               struct error *err) MUST_USE;

#endif

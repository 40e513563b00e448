/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - who there is: tenants, their users, applications, addresses, words.
 *
 * All of it follows from the seed.  What changes as time passes is only in
 * struct user (applications taken up, addresses signed in from).
 */
#ifndef GENERATE_WORLD_H
#define GENERATE_WORLD_H

#include "base/error.h"
#include "generate/text.h"

#define ADDRESS_BYTES 40
#define APP_COUNT 600u
#define GUID_BYTES 36u
#define USER_APPS 16u
#define WORD_COUNT 6000u

struct tenant {
    uint64_t seed;
    char name[32], domain[64], region[16];
    char id[GUID_BYTES + 1];
    char office[3][ADDRESS_BYTES]; /* addresses of its buildings */
    int hour_offset;               /* of its working day from UTC */
};

enum address_kind { /* bits of user.signed_in */
    ADDRESS_OFFICE_1 = 1,
    ADDRESS_OFFICE_2 = 2,
    ADDRESS_OFFICE_3 = 4,
    ADDRESS_HOME = 8,
    ADDRESS_SECOND_HOME = 16,
    ADDRESS_MOBILE = 32,
    ADDRESS_V6 = 64,
};

struct user {
    uint64_t seed;
    uint32_t tenant;
    char upn[112], alias[40];
    char oid[GUID_BYTES + 1], mailbox[GUID_BYTES + 1], puid[17], sid[64];
    char item_prefix[41];
    char home[2][ADDRESS_BYTES];
    uint8_t browser; /* which of the user agents */
    uint32_t messages_a_day;
    uint16_t apps[USER_APPS]; /* the first app_count are in use, then a ring */
    uint8_t app_count, app_next;
    /* Changes as time passes: */
    uint32_t signed_in;   /* address kinds used so far */
    uint32_t away_from, away_until; /* days [from, until) spent elsewhere */
    uint32_t away_number; /* which journey: decides the address */
    bool away_signed_in;
    uint16_t pending_app; /* to be taken up at the next access; APP_COUNT = none */
};

struct world {
    uint64_t seed;
    struct tenant *tenants;
    struct user *users;
    uint32_t tenant_count, user_count;
    char apps[APP_COUNT][GUID_BYTES + 1];
    char words[WORD_COUNT][16];
    uint8_t word_sizes[WORD_COUNT];
    double *threshold; /* Walker's alias table of the users' activity */
    uint32_t *alias;
};

enum status world_new(uint64_t seed, uint32_t tenants, uint32_t users, struct world **ret,
                      struct error *err) MUST_USE;
void world_free(struct world *world);

/* A user, the active ones more often. */
uint32_t world_pick_user(const struct world *world, struct rng *rng);
/* One or two words, the common ones more often. */
void world_title(const struct world *world, struct rng *rng, struct text *text);
struct slice world_word(const struct world *world, uint64_t seed);
void world_address(uint64_t seed, char ret[ADDRESS_BYTES]);

#endif

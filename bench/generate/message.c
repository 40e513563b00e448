/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/message.h"

#define KNOWN_MESSAGES 400u /* in each mailbox at the start */
#define SHARED_PERCENT 12u

static const char *const folders[FOLDER_COUNT] = {
    "\\\\Inbox",          "\\\\Sent Items",        "\\\\Drafts",
    "\\\\Deleted Items",  "\\\\Archive",           "\\\\Inbox\\\\Customers",
    "\\\\Inbox\\\\Legal", "\\\\Boîte de réception", "\\\\Junk Email",
    "\\\\Calendar"};

uint32_t message_folder(struct rng *rng)
{
    uint32_t pick = rng_below(rng, 2 * FOLDER_COUNT);

    return pick < FOLDER_COUNT ? pick : 0;
}

/* A message's folder is its number modulo FOLDER_COUNT. */
uint32_t message_pick(const struct user *user, struct rng *rng, uint32_t day, uint32_t folder)
{
    uint32_t newest = KNOWN_MESSAGES + user->messages_a_day * day;
    uint32_t recent = 2 * user->messages_a_day;
    uint32_t age = rng_below(rng, 4) < 3 ? rng_below(rng, recent) : rng_below(rng, newest);
    uint32_t number = newest > age ? newest - age : newest;

    return number - number % FOLDER_COUNT + folder;
}

/* What the sender's system makes of it. */
static void local_id(const struct tenant *tenant, uint64_t seed, struct text *text)
{
    uint64_t server = mix(seed, 1) % 9000 + 1000;

    text_hex_upper(text, mix(seed, 2), 2);
    TEXT(text, "1PR04MB");
    text_number(text, server);
    text_hex_upper(text, mix(seed, 3), 22);
    TEXT(text, "@");
    TEXT(text, "VE1PR04MB");
    text_number(text, server);
    TEXT(text, ".");
    text_slice(text, slice_of(tenant->region));
    TEXT(text, ".prod.outlook.com");
}

void message_id(const struct world *world, const struct user *user, uint32_t number,
                struct text *text)
{
    const struct tenant *tenant = &world->tenants[user->tenant];
    uint64_t seed = mix(user->seed, 100 + number);

    if (seed % 100 < SHARED_PERCENT)
        seed = mix(tenant->seed, 50 + number / 8);
    TEXT(text, "<");
    switch ((seed >> 20) % 8) {
    case 0:
        TEXT(text, "CA");
        text_hex(text, seed, 12);
        TEXT(text, "=");
        text_base64(text, mix(seed, 4), 33);
        TEXT(text, "@mail.gmail.com");
        break;
    case 1:
        text_guid(text, mix(seed, 5));
        TEXT(text, "@az.westeurope.microsoft.com");
        break;
    case 2:
        TEXT(text, "0102019");
        text_hex(text, mix(seed, 6), 9);
        TEXT(text, "-");
        text_guid(text, mix(seed, 7));
        TEXT(text, "-000000@eu-west-1.amazonses.com");
        break;
    case 3:
        text_hex(text, mix(seed, 8), 32);
        TEXT(text, "-");
        text_base32(text, mix(seed, 9), 56);
        TEXT(text, "@microsoft.com");
        break;
    default:
        local_id(tenant, seed, text);
        break;
    }
    TEXT(text, ">");
}

void message_item_id(const struct user *user, uint32_t number, struct text *text)
{
    TEXT(text, "RgAA");
    text_slice(text, slice_of(user->item_prefix));
    TEXT(text, "BwAAAAAAEMAAB");
    text_base64(text, mix(user->seed, 200 + number), 10);
    TEXT(text, "AA");
}

void message_subject(const struct world *world, const struct user *user, uint32_t number,
                     struct text *text)
{
    struct rng rng = {mix(user->seed, 300 + number)};

    if (rng_below(&rng, 3) == 0)
        TEXT(text, "RE: ");
    world_title(world, &rng, text);
}

void message_folder_id(const struct user *user, uint32_t folder, struct text *text)
{
    TEXT(text, "LgAA");
    text_slice(text, slice_of(user->item_prefix));
    TEXT(text, "AQ");
    text_base64(text, mix(user->seed, 400 + folder), 20);
    TEXT(text, "AAAB");
}

struct slice message_folder_path(uint32_t folder)
{
    return slice_of(folders[folder]);
}

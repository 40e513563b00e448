/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof(array[0]))
#define ACTIVITY_EXPONENT 0.9 /* of the Zipf law of the users */

/* First-party applications that every tenant has; public identifiers. */
static const char *const common_apps[] = {
    "00000002-0000-0ff1-ce00-000000000000", "d3590ed6-52b3-4102-aeff-aad2292ab01c",
    "27922004-5251-4030-b22d-91ecd9a37ea4", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",
    "00000003-0000-0000-c000-000000000000", "1fec8e78-bce4-4aaf-ab1b-5451cc387264",
    "9199bf20-a13f-4107-85dc-02114787ef48", "4765445b-32c6-49b0-83e6-1d93765276ca",
};

static const char *const given_names[] = {
    "aisha",  "albert", "amara", "anton", "bela",  "birgit", "carla",  "cedric", "dana",
    "daniel", "elena",  "emil",  "fatima", "felix", "greta", "hassan", "helena", "hugo",
    "ida",    "igor",   "irena", "jakob", "jasmin", "karim", "katrin", "leila",  "leon",
    "lotte",  "magnus", "maria", "marek", "nadia", "nils",   "noor",   "otto",   "paula",
    "pavel",  "quinn",  "rosa",  "ruben", "samir", "selma",  "tariq",  "thea",   "ulla",
    "viktor", "wanda",  "yusuf", "zara",  "zoltan"};
static const char *const family_names[] = {
    "adler",  "almeida", "baker",  "berg",    "castro", "cohen",  "dahl",   "dubois",
    "eriksen", "fischer", "fontana", "green", "haas",   "horvat", "ibrahim", "jensen",
    "keller", "khan",    "larsen", "lund",    "martin", "mendes", "moreau", "nguyen",
    "novak",  "okafor",  "olsen",  "pereira", "quist",  "reyes",  "romano", "schulz",
    "sharma", "stein",   "suzuki", "thomas",  "urban",  "vega",   "wolf",   "zhang"};
static const char *const syllables[] = {"al", "bra", "cor", "den", "el",  "fin", "gra", "hol",
                                        "in", "jo",  "ka",  "lu",  "mar", "no",  "or",  "pel",
                                        "ris", "sta", "tor", "un", "ver", "wes", "yl",  "za"};
static const struct {
    const char *name;
    int hour_offset;
} regions[] = {{"eurprd04", 1}, {"eurprd07", 1},  {"namprd12", -5}, {"namprd10", -8},
               {"gbrprd01", 0}, {"apcprd03", 8}, {"jpnprd01", 9},  {"ausprd01", 10}};

void world_address(uint64_t seed, char ret[ADDRESS_BYTES])
{
    static const uint8_t first[] = {5,  24, 31, 37, 46,  51,  62,  77,  80,  84,  86,
                                    91, 94, 95, 109, 145, 151, 176, 178, 185, 188, 193,
                                    195, 203, 212, 213, 217};

    (void)snprintf(ret, ADDRESS_BYTES, "%u.%u.%u.%u", first[seed % COUNT(first)],
                   (unsigned)(seed >> 8) & 255, (unsigned)(seed >> 16) & 255,
                   1 + (unsigned)(seed >> 24) % 254);
}

static void guid_text(uint64_t seed, char ret[GUID_BYTES + 1])
{
    struct text text = {ret, ret + GUID_BYTES, false};

    text_guid(&text, seed);
    ret[GUID_BYTES] = '\0';
}

static void make_words(struct world *world)
{
    for (uint32_t i = 0; i < WORD_COUNT; i++) {
        char *word = world->words[i];
        uint32_t parts = 2 + mix_below(world->seed, 1000 + i, 3);
        struct text text = {word, word + sizeof(world->words[i]) - 1, false};
        for (uint32_t p = 0; p < parts; p++)
            text_slice(&text,
                       slice_of(syllables[mix_below(world->seed + i, p, COUNT(syllables))]));
        *text.at = '\0';
        world->word_sizes[i] = (uint8_t)(text.at - word);
    }
}

static void make_apps(struct world *world)
{
    for (uint32_t i = 0; i < APP_COUNT; i++) {
        if (i < COUNT(common_apps))
            memcpy(world->apps[i], common_apps[i], GUID_BYTES + 1);
        else
            guid_text(mix(world->seed, 20000 + i), world->apps[i]);
    }
}

static void make_tenant(struct world *world, uint32_t index)
{
    struct tenant *tenant = &world->tenants[index];
    uint64_t seed = mix(world->seed, 30000 + index);
    uint32_t region = (uint32_t)(seed % COUNT(regions));

    tenant->seed = seed;
    guid_text(seed, tenant->id);
    (void)snprintf(tenant->name, sizeof(tenant->name), "%s-%u",
                   world->words[mix_below(seed, 1, WORD_COUNT)], index);
    (void)snprintf(tenant->domain, sizeof(tenant->domain), "%s.example", tenant->name);
    (void)snprintf(tenant->region, sizeof(tenant->region), "%s", regions[region].name);
    tenant->hour_offset = regions[region].hour_offset;
    for (uint32_t i = 0; i < 3; i++)
        world_address(mix(seed, 2 + i), tenant->office[i]);
}

static void make_user(struct world *world, uint32_t index)
{
    struct user *user = &world->users[index];
    uint64_t seed = mix(world->seed, 1000000 + index);
    /* Few large tenants, many small; each has at least one user. */
    double place = (double)(seed >> 11) * 0x1p-53;
    struct text text;

    user->seed = seed;
    user->tenant = index < world->tenant_count
                       ? index
                       : (uint32_t)(place * place * (double)world->tenant_count);
    struct tenant *tenant = &world->tenants[user->tenant];
    (void)snprintf(user->alias, sizeof(user->alias), "%s.%s%u",
                   given_names[mix_below(seed, 1, COUNT(given_names))],
                   family_names[mix_below(seed, 2, COUNT(family_names))], index);
    (void)snprintf(user->upn, sizeof(user->upn), "%s@%s", user->alias, tenant->domain);
    guid_text(mix(seed, 3), user->oid);
    guid_text(mix(seed, 4), user->mailbox);
    text = (struct text){user->puid, user->puid + 16, false};
    TEXT(&text, "1003");
    text_hex_upper(&text, mix(seed, 5), 12);
    (void)snprintf(user->sid, sizeof(user->sid), "S-1-5-21-%u-%u-%u-%u",
                   (unsigned)(tenant->seed >> 33), (unsigned)(tenant->seed >> 21) & 0x7fffffff,
                   (unsigned)tenant->seed & 0x7fffffff, 10000000 + index);
    text = (struct text){user->item_prefix, user->item_prefix + 40, false};
    TEXT(&text, "AAAA");
    text_base64(&text, mix(seed, 6), 36);
    for (uint32_t i = 0; i < 2; i++)
        world_address(mix(seed, 7 + i), user->home[i]);
    user->browser = (uint8_t)mix_below(seed, 9, 255);
    user->messages_a_day = 15 + mix_below(seed, 10, 60);
    user->apps[0] = (uint16_t)mix_below(seed, 11, 2);
    user->apps[1] = 2;
    user->apps[2] = (uint16_t)(3 + mix_below(seed, 12, COUNT(common_apps) - 3));
    user->app_count = (uint8_t)(3 + mix_below(seed, 13, 3));
    for (uint32_t i = 3; i < user->app_count; i++) {
        double rank = (double)(mix(seed, 14 + i) >> 11) * 0x1p-53;
        user->apps[i] = (uint16_t)(COUNT(common_apps) +
                                   rank * rank * rank * (APP_COUNT - COUNT(common_apps)));
    }
    user->app_next = user->app_count;
    user->pending_app = APP_COUNT;
}

/* Walker's method: a pick costs one draw and one comparison. */
static enum status make_activity(struct world *world, struct error *err)
{
    uint32_t n = world->user_count, small_count = 0, large_count = 0;
    double total = 0, *weight = malloc(n * sizeof(double));
    uint32_t *queue = malloc(n * sizeof(uint32_t));
    enum status status = STATUS_OK;

    if (weight == NULL || queue == NULL) {
        status = ERROR_SET(err, STATUS_IO, "out of memory");
        goto out;
    }
    for (uint32_t i = 0; i < n; i++)
        total += weight[i] = pow(4.0 + i, -ACTIVITY_EXPONENT);
    for (uint32_t i = 0; i < n; i++) {
        weight[i] *= n / total;
        world->threshold[i] = 1;
        world->alias[i] = i;
        if (weight[i] < 1)
            queue[small_count++] = i; /* small ones from the front, large ones from the back */
        else
            queue[n - ++large_count] = i;
    }
    while (small_count > 0 && large_count > 0) {
        uint32_t small = queue[--small_count], large = queue[n - large_count];
        world->threshold[small] = weight[small];
        world->alias[small] = large;
        weight[large] -= 1 - weight[small];
        if (weight[large] < 1) {
            large_count--;
            queue[small_count++] = large;
        }
    }
out:
    free(weight);
    free(queue);
    return status;
}

enum status world_new(uint64_t seed, uint32_t tenants, uint32_t users, struct world **ret,
                      struct error *err)
{
    enum status status = STATUS_OK;
    struct world *world = calloc(1, sizeof(*world));

    if (tenants == 0 || users < tenants) {
        free(world);
        return ERROR_SET(err, STATUS_INVALID, "wanted at least one user for each of %u tenants",
                         tenants);
    }
    if (world == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    world->seed = mix(seed, 1);
    world->tenant_count = tenants;
    world->user_count = users;
    world->tenants = calloc(tenants, sizeof(*world->tenants));
    world->users = calloc(users, sizeof(*world->users));
    world->threshold = calloc(users, sizeof(*world->threshold));
    world->alias = calloc(users, sizeof(*world->alias));
    if (world->tenants == NULL || world->users == NULL || world->threshold == NULL ||
        world->alias == NULL) {
        status = ERROR_SET(err, STATUS_IO, "out of memory");
        goto out;
    }
    make_words(world);
    make_apps(world);
    for (uint32_t i = 0; i < tenants; i++)
        make_tenant(world, i);
    for (uint32_t i = 0; i < users; i++)
        make_user(world, i);
    status = make_activity(world, err);
    if (status != STATUS_OK)
        goto out;
    *ret = world;
    world = NULL; /* given away */
out:
    world_free(world);
    return status;
}

void world_free(struct world *world)
{
    if (world == NULL)
        return;
    free(world->tenants);
    free(world->users);
    free(world->threshold);
    free(world->alias);
    free(world);
}

uint32_t world_pick_user(const struct world *world, struct rng *rng)
{
    uint32_t i = rng_below(rng, world->user_count);

    return rng_unit(rng) < world->threshold[i] ? i : world->alias[i];
}

struct slice world_word(const struct world *world, uint64_t seed)
{
    /* The square makes the first words common. */
    uint64_t u = seed & 0xffffffff;
    uint32_t i = (uint32_t)((((u * u) >> 32) * WORD_COUNT) >> 32);

    return slice_from(world->words[i], world->word_sizes[i]);
}

void world_title(const struct world *world, struct rng *rng, struct text *text)
{
    static const char *const topics[] = {
        "Invoice", "Budget", "Quarterly report", "Contract", "Minutes", "Payroll", "Roadmap",
        "Offer",   "Travel", "Onboarding",       "Forecast", "Résumé",  "Salary review", "Order"};
    uint64_t bits = rng_next(rng);

    if (bits % 3 == 0) {
        text_slice(text, slice_of(topics[(bits >> 8) % COUNT(topics)]));
        TEXT(text, " ");
    }
    text_slice(text, world_word(world, bits >> 16));
    if ((bits >> 50) % 2 == 0) {
        TEXT(text, " ");
        text_slice(text, world_word(world, rng_next(rng)));
    }
    if ((bits >> 52) % 4 == 0) {
        TEXT(text, " ");
        text_number(text, 2019 + (bits >> 54) % 8);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/attack.h"

#include <stdlib.h>

#define ACCESSES_MIN 10u
#define ACCESSES_MAX 45u
#define LEGITIMATE_USERS 40u
#define SYNC_PERMILLE 25u
#define THROTTLED_PERMILLE 15u

bool attack_is_victim(const struct attack *attack, uint32_t user)
{
    for (uint32_t i = 0; i < attack->victim_count; i++) {
        if (attack->victims[i] == user)
            return true;
    }
    return false;
}

/* From each of the first tenants one user, then a second, a third. */
static void pick_victims(struct attack *attack, struct rng *rng)
{
    const struct world *world = attack->world;
    uint32_t tenants = world->tenant_count < ATTACK_TENANTS ? world->tenant_count : ATTACK_TENANTS;
    uint32_t *shuffled = malloc(world->user_count * sizeof(uint32_t));

    if (shuffled == NULL)
        return; /* attack_plan() sees no victims */
    for (uint32_t i = 0; i < world->user_count; i++) {
        uint32_t j = rng_below(rng, i + 1);
        shuffled[i] = shuffled[j];
        shuffled[j] = i;
    }
    for (uint32_t round = 0; round < ATTACK_MAILBOXES; round++) {
        for (uint32_t tenant = 0; tenant < tenants; tenant++) {
            for (uint32_t i = 0; i < world->user_count; i++) {
                uint32_t user = shuffled[i];
                if (user == UINT32_MAX || world->users[user].tenant != tenant)
                    continue;
                shuffled[i] = UINT32_MAX;
                attack->victims[attack->victim_count++] = user;
                break;
            }
            if (attack->victim_count == ATTACK_MAILBOXES)
                break;
        }
        if (attack->victim_count == ATTACK_MAILBOXES)
            break;
    }
    free(shuffled);
}

/* Others use the actor's application all the time; the victims never do. */
static void share_app(const struct attack *attack, struct world *world, struct rng *rng)
{
    for (uint32_t i = 0; i < world->user_count; i++) {
        struct user *user = &world->users[i];
        for (uint32_t k = 0; k < user->app_count; k++) {
            if (user->apps[k] == ATTACK_APP)
                user->apps[k] = ATTACK_APP + 1;
        }
    }
    for (uint32_t done = 0, tries = 0; done < LEGITIMATE_USERS && tries < 10000; tries++) {
        uint32_t i = world_pick_user(world, rng); /* active ones: seen within the learning days */
        struct user *user = &world->users[i];
        if (attack_is_victim(attack, i) || user->apps[user->app_count - 1] == ATTACK_APP)
            continue;
        user->apps[user->app_count - 1] = ATTACK_APP;
        done++;
    }
}

static void plan_access(struct attack *attack, const struct timeline *timeline, struct rng *rng,
                        uint64_t record_count, struct attack_access *access)
{
    const struct user *user = &attack->world->users[attack->victims[access->victim]];
    uint32_t day = (uint32_t)((access->time_s - timeline->start_s) / 86400);

    access->position = (uint64_t)(timeline_share(timeline, access->time_s) * (double)record_count);
    access->folder = message_folder(rng);
    for (uint32_t i = 0; i < access->message_count; i++)
        access->messages[i] = message_pick(user, rng, day, access->folder);
}

/* A mailbox: a first access, then sessions of some minutes on later days. */
static void plan_mailbox(struct attack *attack, const struct timeline *timeline, struct rng *rng,
                         uint64_t record_count, uint32_t victim)
{
    int64_t begin = timeline->start_s + (int64_t)ATTACK_FIRST_DAY * 86400;
    int64_t span = (int64_t)ATTACK_DAYS * 86400 - 3600;
    int64_t first = begin + (int64_t)(rng_unit(rng) * 0.7 * (double)span);
    uint32_t count = ACCESSES_MIN + rng_below(rng, ACCESSES_MAX - ACCESSES_MIN + 1);
    int64_t session = first;
    uint32_t address = rng_below(rng, ATTACK_ADDRESSES);

    for (uint32_t i = 0; i < count; i++) {
        struct attack_access *access = &attack->accesses[attack->access_count++];
        if (i > 0 && rng_below(rng, 6) == 0) {
            session = first + (int64_t)(rng_unit(rng) * (double)(begin + span - first));
            address = (address + 1 + rng_below(rng, ATTACK_ADDRESSES - 1)) % ATTACK_ADDRESSES;
        }
        *access = (struct attack_access){.victim = victim, .address = address};
        access->time_s = i == 0 ? first : session + (int64_t)rng_below(rng, 1800);
        uint32_t kind = i == 0 ? 1000 : rng_below(rng, 1000);
        access->message_count = kind < SYNC_PERMILLE ? 0 : 1 + rng_below(rng, 8);
        access->is_throttled =
            kind >= SYNC_PERMILLE && kind < SYNC_PERMILLE + THROTTLED_PERMILLE;
        plan_access(attack, timeline, rng, record_count, access);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct attack_access *x = a, *y = b;

    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    if (x->time_s != y->time_s)
        return x->time_s < y->time_s ? -1 : 1;
    return x->victim < y->victim ? -1 : x->victim > y->victim;
}

enum status attack_plan(struct world *world, const struct timeline *timeline, uint64_t seed,
                        uint64_t record_count, struct attack *ret, struct error *err)
{
    struct rng rng = {mix(seed, 2)};

    *ret = (struct attack){.world = world};
    if (timeline->hour_count < (ATTACK_FIRST_DAY + ATTACK_DAYS) * 24)
        return ERROR_SET(err, STATUS_INVALID, "an intrusion wants at least %u days",
                         ATTACK_FIRST_DAY + ATTACK_DAYS);
    for (uint32_t i = 0; i < ATTACK_ADDRESSES; i++)
        world_address(rng_next(&rng), ret->addresses[i]);
    pick_victims(ret, &rng);
    ret->accesses = calloc(ATTACK_MAILBOXES * ACCESSES_MAX, sizeof(*ret->accesses));
    if (ret->accesses == NULL || ret->victim_count == 0)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    share_app(ret, world, &rng);
    for (uint32_t i = 0; i < ret->victim_count; i++)
        plan_mailbox(ret, timeline, &rng, record_count, i);
    qsort(ret->accesses, ret->access_count, sizeof(*ret->accesses), by_time);
    /* One record a position, none behind the last. */
    for (uint32_t i = 1; i < ret->access_count; i++) {
        if (ret->accesses[i].position <= ret->accesses[i - 1].position)
            ret->accesses[i].position = ret->accesses[i - 1].position + 1;
    }
    if (ret->accesses[ret->access_count - 1].position >= record_count)
        return ERROR_SET(err, STATUS_INVALID, "%llu records are too few for an intrusion",
                         (unsigned long long)record_count);
    return STATUS_OK;
}

void attack_release(struct attack *attack)
{
    free(attack->accesses);
    attack->accesses = NULL;
    attack->access_count = 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The distinct ids of the messages named in the accesses to this mailbox. */
static void write_messages(const struct attack *attack, uint32_t victim, FILE *file)
{
    const struct user *user = &attack->world->users[attack->victims[victim]];
    static const size_t max = (size_t)ACCESSES_MAX * EVENT_MESSAGES;
    char(*ids)[MESSAGE_ID_BYTES] = calloc(max, MESSAGE_ID_BYTES);
    size_t count = 0;

    for (uint32_t i = 0; ids != NULL && i < attack->access_count; i++) {
        const struct attack_access *access = &attack->accesses[i];
        for (uint32_t k = 0; access->victim == victim && k < access->message_count; k++) {
            struct text text = {ids[count], ids[count] + MESSAGE_ID_BYTES - 1, false};
            message_id(attack->world, user, access->messages[k], &text);
            count++;
        }
    }
    if (ids != NULL)
        qsort(ids, count, MESSAGE_ID_BYTES, by_id);
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(ids[i], ids[i - 1]) == 0)
            continue;
        (void)fprintf(file, "%s\"%s\"", first ? "" : ",", ids[i]);
        first = false;
    }
    free(ids);
}

static void write_mailbox(const struct attack *attack, uint32_t victim, FILE *file)
{
    const struct user *user = &attack->world->users[attack->victims[victim]];
    const struct tenant *tenant = &attack->world->tenants[user->tenant];
    bool synced[FOLDER_COUNT] = {false};
    int64_t first = INT64_MAX, last = 0;
    uint32_t records = 0, throttled = 0;

    for (uint32_t i = 0; i < attack->access_count; i++) {
        const struct attack_access *access = &attack->accesses[i];
        if (access->victim != victim)
            continue;
        records++;
        throttled += access->is_throttled;
        if (access->message_count == 0)
            synced[access->folder] = true;
        first = access->time_s < first ? access->time_s : first;
        last = access->time_s > last ? access->time_s : last;
    }
    (void)fprintf(file, "{\"tenant\":\"%s\",\"tenant_id\":\"%s\",\"mailbox\":\"%s\",", tenant->name,
                  tenant->id, user->upn);
    (void)fprintf(file, "\"first\":%lld,\"last\":%lld,\"records\":%u,", (long long)first,
                  (long long)last, records); /* Unix time */
    (void)fprintf(file, "\"throttled_records\":%u,\"sync_folders\":[", throttled);
    bool comma = false;
    for (uint32_t i = 0; i < FOLDER_COUNT; i++) {
        if (synced[i])
            (void)fprintf(file, "%s\"%.*s\"", comma ? "," : "", SLICE_FMT(message_folder_path(i)));
        comma = comma || synced[i];
    }
    (void)fprintf(file, "],\"bind_messages\":[");
    write_messages(attack, victim, file);
    (void)fprintf(file, "]}");
}

enum status attack_write_truth(const struct attack *attack, FILE *file, struct error *err)
{
    (void)fprintf(file, "{\"app_id\":\"%s\",\"ips\":[", attack->world->apps[ATTACK_APP]);
    for (uint32_t i = 0; i < ATTACK_ADDRESSES; i++)
        (void)fprintf(file, "%s\"%s\"", i > 0 ? "," : "", attack->addresses[i]);
    (void)fprintf(file, "],\"records\":%u,\"mailboxes\":[", attack->access_count);
    for (uint32_t i = 0; i < attack->victim_count; i++) {
        if (i > 0)
            (void)fprintf(file, ",\n");
        write_mailbox(attack, i, file);
    }
    (void)fprintf(file, "]}\n");
    if (ferror(file) != 0)
        return ERROR_SET(err, STATUS_IO, "cannot write the truth");
    return STATUS_OK;
}

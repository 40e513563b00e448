/* SPDX-License-Identifier: Apache-2.0 */
/* Who is next, from where, through what; the noise on top.
 *
 * A user reads mail from an address only after signing in from it, and takes up
 * applications now and then.  What is new is therefore mostly harmless, and
 * differs from the actor's accesses only in what surrounds it. */
#include "generate/stream.h"

#include <stdio.h>
#include <stdlib.h>

#define AWAY_DAYS_MAX 4u
#define AWAY_PER_MILLION 700u        /* of the records start a journey */
#define DUPLICATE_PER_MILLION 5000u
#define LATE_PER_MILLION 10000u      /* by over an hour */
#define LATE_MAX_S (12 * 3600)
#define MALFORMED_PER_MILLION 100u
#define MEMORY_RECORDS 32u           /* to be delivered again */
#define NEW_APP_PER_MILLION 11000u   /* of the accesses to mail */
#define NEW_APP_ELSEWHERE_PERCENT 15u
#define SESSIONS_A_DAY 3u
#define SPRAY_PER_MILLION 42u        /* of the records start a burst of guessed passwords */
#define SPRAY_FAILURES_MIN 12u
#define SPRAY_FAILURES_MORE 24u
#define SPRAY_STEP_S 10u
#define SPRAY_SUCCESS_PERCENT 33u
#define SYNC_PER_MILLION 30000u
#define THROTTLED_PER_MILLION 2000u

struct memory {
    char *data;
    size_t size;
    uint32_t tenant, victim;
};

/* Somebody guesses passwords of a tenant's users from one address, within minutes. */
struct spray {
    uint32_t left; /* events to come; the last of one that succeeds is a sign-in */
    uint32_t tenant, user;
    int64_t time_s;
    bool succeeds;
    char address[ADDRESS_BYTES];
};

struct stream {
    struct stream_options options;
    struct world *world;
    struct timeline timeline;
    struct attack attack;
    struct templates *templates;
    struct rng rng;
    uint64_t position;
    uint32_t next_access; /* of the attack */
    struct spray spray;
    uint32_t operation_of[10000];
    struct memory memory[MEMORY_RECORDS];
    char text[RECORD_TEXT_BYTES];
    char address[ADDRESS_BYTES]; /* of the current event, when it is not a user's own */
};

void stream_default_options(struct stream_options *ret)
{
    *ret = (struct stream_options){.record_count = 1000000,
                                   .seed = 1,
                                   .tenant_count = 50,
                                   .user_count = 2000,
                                   .day_count = 60,
                                   .end_s = 1777507200}; /* 2026-04-30 */
}

static bool chance(struct rng *rng, uint32_t per_million)
{
    return rng_below(rng, 1000000) < per_million;
}

static void fill_operations(struct stream *stream)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < operation_count; i++) {
        for (uint32_t k = 0; k < operations[i].weight && at < 10000; k++)
            stream->operation_of[at++] = i;
    }
    while (at < 10000)
        stream->operation_of[at++] = OPERATION_MAIL_ACCESS;
}

enum status stream_new(const struct stream_options *options, struct stream **ret,
                       struct error *err)
{
    enum status status = STATUS_OK;
    struct stream *stream = calloc(1, sizeof(*stream));

    if (stream == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    stream->options = *options;
    stream->rng = (struct rng){mix(options->seed, 3)};
    fill_operations(stream);
    for (uint32_t i = 0; i < MEMORY_RECORDS; i++) {
        stream->memory[i].data = malloc(RECORD_TEXT_BYTES);
        if (stream->memory[i].data == NULL) {
            status = ERROR_SET(err, STATUS_IO, "out of memory");
            goto out;
        }
    }
    status = world_new(options->seed, options->tenant_count, options->user_count, &stream->world,
                       err);
    if (status == STATUS_OK)
        status = timeline_init(&stream->timeline,
                               options->end_s - (int64_t)options->day_count * 86400,
                               options->day_count, err);
    if (status == STATUS_OK)
        status = templates_new(&stream->templates, err);
    if (status == STATUS_OK && options->has_attack)
        status = attack_plan(stream->world, &stream->timeline, options->seed,
                             options->record_count, &stream->attack, err);
    if (status != STATUS_OK)
        goto out;
    *ret = stream;
    stream = NULL; /* given away */
out:
    stream_free(stream);
    return status;
}

void stream_free(struct stream *stream)
{
    if (stream == NULL)
        return;
    for (uint32_t i = 0; i < MEMORY_RECORDS; i++)
        free(stream->memory[i].data);
    attack_release(&stream->attack);
    timeline_release(&stream->timeline);
    templates_free(stream->templates);
    world_free(stream->world);
    free(stream);
}

const struct world *stream_world(const struct stream *stream)
{
    return stream->world;
}

const struct attack *stream_attack(const struct stream *stream)
{
    return stream->options.has_attack ? &stream->attack : NULL;
}

/* Somebody who is awake, most of the time. */
static uint32_t pick_user(struct stream *stream, int64_t time_s)
{
    uint32_t user = 0;

    for (uint32_t tries = 0; tries < 3; tries++) {
        user = world_pick_user(stream->world, &stream->rng);
        const struct tenant *tenant = &stream->world->tenants[stream->world->users[user].tenant];
        int hour = (int)(time_s / 3600 % 24) + tenant->hour_offset;
        if (rng_unit(&stream->rng) < 0.1 + timeline_weight(hour))
            break;
    }
    return user;
}

static void journey_begin(struct stream *stream, struct user *user, uint32_t day)
{
    user->away_from = day;
    user->away_until = day + 1 + rng_below(&stream->rng, AWAY_DAYS_MAX);
    user->away_number++;
    user->away_signed_in = false;
}

/* An address of the user's day; *ret_is_new when nobody signed in from it yet. */
static const char *pick_address(struct stream *stream, struct user *user, uint32_t day,
                                bool *ret_is_new)
{
    const struct tenant *tenant = &stream->world->tenants[user->tenant];
    uint32_t pick = rng_below(&stream->rng, 100), kind;
    const char *address = stream->address;

    if (day >= user->away_from && day < user->away_until) {
        world_address(mix(user->seed, 3000 + user->away_number), stream->address);
        *ret_is_new = !user->away_signed_in;
        user->away_signed_in = true;
        return address;
    }
    if (pick < 50) {
        kind = 1u << (pick % 3);
        address = tenant->office[pick % 3];
    } else if (pick < 85) {
        kind = pick < 75 ? ADDRESS_HOME : ADDRESS_SECOND_HOME;
        address = user->home[pick < 75 ? 0 : 1];
    } else if (pick < 95) { /* the carrier of the tenant's phones, another host every day */
        kind = ADDRESS_MOBILE;
        uint64_t host = mix(user->seed, 4000 + day);
        (void)snprintf(stream->address, ADDRESS_BYTES, "92.%u.%u.%u",
                       (unsigned)(tenant->seed >> 40) & 255, (unsigned)(host >> 8) & 255,
                       1 + (unsigned)(host >> 16) % 254);
    } else {
        kind = ADDRESS_V6;
        (void)snprintf(stream->address, ADDRESS_BYTES, "2001:db8:%x:%x::%x",
                       (unsigned)(tenant->seed >> 48), (unsigned)(user->seed >> 48),
                       (unsigned)(day % 5 + 1));
    }
    *ret_is_new = (user->signed_in & kind) == 0;
    user->signed_in |= kind;
    return address;
}

/* The application of an access to mail, now and then one that is new to the user. */
static uint32_t pick_app(struct stream *stream, uint32_t user_index)
{
    struct user *user = &stream->world->users[user_index];
    uint32_t app = user->pending_app;

    if (app == APP_COUNT)
        return user->apps[rng_below(&stream->rng, user->app_count)];
    user->pending_app = APP_COUNT;
    if (app == ATTACK_APP && stream->options.has_attack)
        app++;
    if (user->app_count < USER_APPS) {
        user->apps[user->app_count++] = (uint16_t)app;
    } else if (user->apps[user->app_next] != ATTACK_APP) {
        user->apps[user->app_next] = (uint16_t)app;
    }
    user->app_next = (uint8_t)(3 + (user->app_next - 2) % (USER_APPS - 3));
    return app;
}

static void want_new_app(struct stream *stream, struct user *user, uint32_t day)
{
    double rank = rng_unit(&stream->rng);

    user->pending_app = (uint16_t)(8 + rank * rank * (APP_COUNT - 9));
    if (rng_below(&stream->rng, 100) < NEW_APP_ELSEWHERE_PERCENT)
        journey_begin(stream, user, day);
}

static void choose_messages(struct stream *stream, struct event *event)
{
    struct rng *rng = &stream->rng;

    event->folder = message_folder(rng);
    event->message_count = 1 + rng_below(rng, event->operation->kind == RECORD_MAIL_ACCESS ? 6 : 3);
    for (uint32_t i = 0; i < event->message_count; i++)
        event->messages[i] = message_pick(event->user, rng, event->day, event->folder);
    if (event->operation->kind == RECORD_MAIL_ACCESS) {
        event->is_sync = chance(rng, SYNC_PER_MILLION);
        event->is_throttled = !event->is_sync && chance(rng, THROTTLED_PER_MILLION);
    }
}

/* What an ordinary user does now. */
static void ordinary_event(struct stream *stream, int64_t time_s, struct event *event,
                           struct stream_record *ret)
{
    struct rng *rng = &stream->rng;
    uint32_t index = pick_user(stream, time_s);
    struct user *user = &stream->world->users[index];
    uint32_t day = (uint32_t)((time_s - stream->timeline.start_s) / 86400);
    uint32_t operation = stream->operation_of[rng_below(rng, 10000)];
    bool is_new_address;

    if (chance(rng, AWAY_PER_MILLION))
        journey_begin(stream, user, day);
    if (operation == OPERATION_MAIL_ACCESS && chance(rng, NEW_APP_PER_MILLION))
        want_new_app(stream, user, day);
    event->user = user;
    event->tenant = &stream->world->tenants[user->tenant];
    event->day = day;
    event->address = pick_address(stream, user, day, &is_new_address);
    if (is_new_address)
        operation = OPERATION_SIGN_IN;
    event->operation = &operations[operation];
    event->session = mix(user->seed, 5000 + day * SESSIONS_A_DAY + rng_below(rng, SESSIONS_A_DAY));
    event->time_s = time_s - rng_below(rng, 240);
    if (!is_new_address && chance(rng, LATE_PER_MILLION)) {
        event->time_s = time_s - 3600 - rng_below(rng, LATE_MAX_S);
        ret->is_late = true;
    }
    if (event->time_s < stream->timeline.start_s)
        event->time_s = stream->timeline.start_s;
    event->app = stream->world->apps[operation == OPERATION_MAIL_ACCESS
                                         ? pick_app(stream, index)
                                         : user->apps[rng_below(rng, 3)]];
    choose_messages(stream, event);
    if (operation == OPERATION_SIGN_IN_FAILED && rng_below(rng, 4) == 0) {
        world_address(mix(stream->options.seed, 6000 + day / 2), stream->address);
        event->address = stream->address; /* a password spray of these days */
    }
    ret->tenant = user->tenant;
}

static void spray_begin(struct stream *stream, int64_t time_s)
{
    struct spray *spray = &stream->spray;
    uint32_t failures = SPRAY_FAILURES_MIN + rng_below(&stream->rng, SPRAY_FAILURES_MORE);

    spray->user = world_pick_user(stream->world, &stream->rng);
    spray->tenant = stream->world->users[spray->user].tenant;
    spray->succeeds = rng_below(&stream->rng, 100) < SPRAY_SUCCESS_PERCENT;
    spray->left = failures + spray->succeeds;
    spray->time_s = time_s - (int64_t)spray->left * SPRAY_STEP_S;
    if (spray->time_s < stream->timeline.start_s)
        spray->time_s = stream->timeline.start_s;
    world_address(rng_next(&stream->rng), spray->address);
}

/* The next user of the tenant in turn; the one that is got into is the last that was tried. */
static void spray_event(struct stream *stream, struct event *event, struct stream_record *ret)
{
    struct spray *spray = &stream->spray;
    const struct world *world = stream->world;
    bool is_success = spray->succeeds && spray->left == 1;

    while (!is_success) {
        spray->user = (spray->user + 1) % world->user_count;
        if (world->users[spray->user].tenant == spray->tenant)
            break;
    }
    spray->left--;
    spray->time_s += 1 + rng_below(&stream->rng, SPRAY_STEP_S);
    event->user = &world->users[spray->user];
    event->tenant = &world->tenants[spray->tenant];
    event->operation = &operations[is_success ? OPERATION_SIGN_IN : OPERATION_SIGN_IN_FAILED];
    event->address = spray->address;
    event->time_s = spray->time_s;
    event->day = (uint32_t)((spray->time_s - stream->timeline.start_s) / 86400);
    event->session = rng_next(&stream->rng);
    event->app = world->apps[event->user->apps[0]];
    ret->tenant = spray->tenant;
}

static void attack_event(struct stream *stream, struct event *event, struct stream_record *ret)
{
    const struct attack_access *access = &stream->attack.accesses[stream->next_access++];
    const struct user *user = &stream->world->users[stream->attack.victims[access->victim]];

    event->user = user;
    event->tenant = &stream->world->tenants[user->tenant];
    event->operation = &operations[OPERATION_MAIL_ACCESS];
    event->time_s = access->time_s;
    event->day = (uint32_t)((access->time_s - stream->timeline.start_s) / 86400);
    event->session = mix(user->seed, 7000 + event->day * ATTACK_ADDRESSES + access->address);
    event->app = stream->world->apps[ATTACK_APP];
    event->address = stream->attack.addresses[access->address];
    event->folder = access->folder;
    memcpy(event->messages, access->messages, sizeof(event->messages));
    event->message_count = access->message_count;
    event->is_sync = access->message_count == 0;
    event->is_throttled = access->is_throttled;
    ret->tenant = user->tenant;
    ret->victim = access->victim;
}

static void remember(struct stream *stream, const struct stream_record *record)
{
    struct memory *memory = &stream->memory[rng_below(&stream->rng, MEMORY_RECORDS)];

    memcpy(memory->data, record->text.data, record->text.size);
    memory->size = record->text.size;
    memory->tenant = record->tenant;
    memory->victim = record->victim;
}

/* Delivers a record of a short while ago again. */
static bool repeat(struct stream *stream, struct stream_record *ret)
{
    const struct memory *memory = &stream->memory[rng_below(&stream->rng, MEMORY_RECORDS)];

    if (memory->size == 0)
        return false;
    ret->text = slice_from(memory->data, memory->size);
    ret->tenant = memory->tenant;
    ret->victim = ATTACK_MAILBOXES; /* the first delivery told already */
    ret->is_duplicate = true;
    return true;
}

/* What a broken sender makes of a record. */
static void damage(struct stream *stream, struct stream_record *record)
{
    uint32_t kind = rng_below(&stream->rng, 3);

    record->is_malformed = true;
    if (kind == 0)
        record->text.size /= 2; /* cut off */
    else if (kind == 1)
        record->text = slice_tail(record->text, 1); /* no opening brace */
    else
        record->text = SLICE("<html><body>502 Bad Gateway</body></html>");
}

bool stream_next(struct stream *stream, struct stream_record *ret)
{
    uint64_t position = stream->position;
    bool is_attack;

    if (position >= stream->options.record_count)
        return false;
    stream->position++;
    *ret = (struct stream_record){.victim = ATTACK_MAILBOXES};
    ret->time_s = timeline_at(&stream->timeline,
                              (double)position / (double)stream->options.record_count);
    is_attack = stream->next_access < stream->attack.access_count &&
                stream->attack.accesses[stream->next_access].position <= position;
    if (!is_attack && chance(&stream->rng, DUPLICATE_PER_MILLION) &&
        !stream->options.is_clean && repeat(stream, ret))
        return true;

    if (stream->spray.left == 0 && chance(&stream->rng, SPRAY_PER_MILLION))
        spray_begin(stream, ret->time_s);

    struct event event = {.world = stream->world};
    struct text text = {stream->text, stream->text + sizeof(stream->text), false};
    event.rng = (struct rng){rng_next(&stream->rng)};
    if (is_attack)
        attack_event(stream, &event, ret);
    else if (stream->spray.left > 0)
        spray_event(stream, &event, ret);
    else
        ordinary_event(stream, ret->time_s, &event, ret);
    record_write(stream->templates, &event, &text);
    ret->text = slice_from(stream->text, (size_t)(text.at - stream->text));
    if (!is_attack && chance(&stream->rng, MALFORMED_PER_MILLION) && !stream->options.is_clean)
        damage(stream, ret);
    else if (rng_below(&stream->rng, 64) == 0)
        remember(stream, ret);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "sim/alloc.h"
#include "sim/trial.h"

#include <stdio.h>
#include <string.h>

#define BODY_BYTES_MAX 30000u
#define ROLE_READER_NUMBER 2u
#define LIFE_US INT64_C(86400000000000)

enum kind { SETTING, WATCHLIST, TOKEN, TENANT, KINDS_ };

static const uint32_t FIRST[KINDS_ + 1] = {0, 4, 8, 16, CONTROL_OBJECTS};

static enum kind kind_of(uint32_t object)
{
    enum kind kind = SETTING;

    while (object >= FIRST[kind + 1])
        kind++;
    return kind;
}

static struct slice name_of(uint32_t object, char ret[16])
{
    int size = snprintf(ret, 16, "object-%u", object);

    return slice_from(ret, (size_t)size);
}

/* A body that says all over which value it is of. */
static struct slice body_of(uint64_t value, char *ret)
{
    size_t size = 1 + (size_t)(value * 7919 % BODY_BYTES_MAX);

    for (size_t i = 0; i < size; i++)
        ret[i] = (char)('a' + (value + i / 100) % 26);
    return slice_from(ret, size);
}

/* ---- changing ---- */

static enum status change_token(struct trial *t, uint32_t object, struct error *err)
{
    struct control_object *o = &t->control.objects[object];
    char name[16], text[TOKEN_TEXT_BYTES];
    struct guid id;

    if (o->value != 0)
        return meta_token_revoke(t->engine.meta, &o->id, err);
    const struct meta_token token = {.tenant = t->engine.tenants[0],
                                     .role = ROLE_READER_NUMBER,
                                     .name = name_of(object, name),
                                     .table = SLICE(""),
                                     .expires_us = t->engine.clock.now_unix_us + LIFE_US};
    enum status status = meta_token_add(t->engine.meta, &token, text, &id, err);
    if (status == STATUS_OK) {
        memcpy(o->text, text, sizeof(o->text));
        o->id = id;
    }
    return status;
}

/* Keys first: a tenant that is listed can store. */
static enum status add_tenant(struct trial *t, uint32_t object, struct arena *arena,
                              struct error *err)
{
    struct meta_tenant tenant;
    struct guid id;
    char name[16];

    memset(id.bytes, (int)(0x80 + object), sizeof(id.bytes));
    enum status status = keyring_create_tenant(t->engine.keyring, &id, err);
    if (status == STATUS_CONFLICT) /* left over from an attempt that stopped half-way */
        status = STATUS_OK;
    return status == STATUS_OK ? meta_tenant_add(t->engine.meta, name_of(object, name), &id,
                                                 &tenant, arena, err)
                               : status;
}

static enum status change(struct trial *t, uint32_t object, uint64_t value, struct arena *arena,
                          struct error *err)
{
    static char body[BODY_BYTES_MAX + 1]; /* one trial at a time */
    struct meta *meta = t->engine.meta;
    char name[16], text[24];

    switch (kind_of(object)) {
    case SETTING:
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
        return meta_settings_set(
            meta, &(struct meta_setting){name_of(object, name), slice_of(text)}, 1, err);
    case WATCHLIST: {
        const struct meta_document document = {
            .name = name_of(object, name), .body = body_of(value, body), .items = value};
        return value == 0 ? meta_document_remove(meta, &t->engine.tenants[0], META_WATCHLIST,
                                                 document.name, err)
                          : meta_document_put(meta, &t->engine.tenants[0], META_WATCHLIST,
                                              &document, err);
    }
    case TOKEN:
        return change_token(t, object, err);
    case TENANT:
    case KINDS_:
        break;
    }
    return add_tenant(t, object, arena, err);
}

/* UINT64_MAX: nothing can be done to it any more. */
static uint64_t next_value(struct control *c, uint32_t object)
{
    uint64_t value = c->objects[object].value;

    switch (kind_of(object)) {
    case TOKEN:
        return value < 2 ? value + 1 : UINT64_MAX;
    case TENANT:
        return value == 0 ? 1 : UINT64_MAX;
    case WATCHLIST:
        if (value != 0 && rng_below(&c->rng, 4) == 0)
            return 0;
        break;
    case SETTING:
    case KINDS_:
        break;
    }
    return ++c->last_value;
}

void control_step(struct trial *t)
{
    struct control *c = &t->control;
    uint32_t object = rng_below(&c->rng, CONTROL_OBJECTS);
    struct control_object *o = &c->objects[object];
    uint64_t value = next_value(c, object);
    struct arena *arena = arena_new(MIB);
    struct error err;

    CHECK(arena != NULL);
    /* What got no answer is not changed again before it was looked at. */
    if (value == UINT64_MAX || o->has_maybe || atomic_load(&t->engine.dead)) {
        arena_free(arena);
        return;
    }
    alloc_arm(true);
    enum status status = change(t, object, value, arena, &err);
    alloc_arm(false);
    bool is_lost = atomic_load(&t->engine.dead) || disk_is_off(t->disk);
    if (is_lost) { /* also if it was done: the process ends before it answers */
        o->maybe = value;
        o->has_maybe = true;
    } else if (status == STATUS_OK) {
        o->value = value;
        c->answers++;
    } else if (status != STATUS_IO && status != STATUS_FULL && status != STATUS_LIMIT &&
               status != STATUS_BUSY) { /* a keyring that failed to write waits for a start */
        trial_say(t, "control plane, object %u: %s (%s)", object, err.text, err.origin);
    }
    if (t->loud)
        printf("  object %u to %llu: %s\n", object, (unsigned long long)value,
               status == STATUS_OK ? "ok" : err.text);
    arena_free(arena);
}

/* ---- comparing ---- */

static uint64_t read_setting(struct trial *t, uint32_t object, struct arena *arena)
{
    uint64_t value = 0;
    struct slice text;
    struct error err;
    char name[16];

    if (meta_setting_get(t->engine.meta, name_of(object, name), arena, &text, &err) != STATUS_OK)
        trial_say(t, "control plane: cannot read a setting: %s", err.text);
    else if (text.size > 0 && !text_parse_u64(text, &value))
        trial_say(t, "control plane: setting %u is '%.*s'", object, SLICE_FMT(text));
    return value;
}

static uint64_t read_watchlist(struct trial *t, uint32_t object, struct arena *arena)
{
    static char body[BODY_BYTES_MAX + 1];
    struct meta_document document;
    struct error err;
    char name[16];
    enum status status = meta_document_get(t->engine.meta, &t->engine.tenants[0], META_WATCHLIST,
                                           name_of(object, name), arena, &document, &err);

    if (status == STATUS_NOT_FOUND)
        return 0;
    if (status != STATUS_OK)
        trial_say(t, "control plane: cannot read a watchlist: %s", err.text);
    else if (!slice_equal(document.body, body_of(document.items, body)))
        trial_say(t, "control plane: watchlist %u has a wrong body", object);
    return status == STATUS_OK ? document.items : 0;
}

static uint64_t read_token(struct trial *t, uint32_t object, struct arena *arena)
{
    struct control_object *o = &t->control.objects[object];
    struct meta_token *tokens = NULL, found;
    uint32_t count = 0;
    uint64_t value = 0;
    struct error err;
    char name[16];

    if (meta_token_list(t->engine.meta, NULL, arena, &tokens, &count, &err) != STATUS_OK)
        trial_say(t, "control plane: cannot list the tokens: %s", err.text);
    for (uint32_t i = 0; i < count; i++) {
        if (!slice_equal(tokens[i].name, name_of(object, name)))
            continue;
        if (value != 0)
            trial_say(t, "control plane: token %u is there twice", object);
        value = tokens[i].revoked_us != 0 ? 2 : 1;
        o->id = tokens[i].id;
    }
    if (o->text[0] == '\0' || value == 0)
        return value;
    enum status status = meta_token_check(t->engine.meta, slice_of(o->text), &found, arena, &err);
    if (status != (value == 1 ? STATUS_OK : STATUS_DENIED))
        trial_say(t, "control plane: token %u, %s, is answered with %s", object,
                  value == 1 ? "valid" : "revoked", status_name(status));
    return value;
}

static uint64_t read_object(struct trial *t, uint32_t object, struct arena *arena)
{
    struct meta_tenant tenant;
    struct error err;
    char name[16];

    switch (kind_of(object)) {
    case SETTING:
        return read_setting(t, object, arena);
    case WATCHLIST:
        return read_watchlist(t, object, arena);
    case TOKEN:
        return read_token(t, object, arena);
    case TENANT:
    case KINDS_:
        break;
    }
    return meta_tenant_find(t->engine.meta, name_of(object, name), &tenant, arena, &err) ==
           STATUS_OK;
}

void control_compare(struct trial *t)
{
    struct arena *arena = arena_new(64 * MIB);

    CHECK(arena != NULL);
    for (uint32_t i = 0; i < CONTROL_OBJECTS; i++) {
        struct control_object *o = &t->control.objects[i];
        uint64_t value = read_object(t, i, arena);
        if (value != o->value && !(o->has_maybe && value == o->maybe))
            trial_say(t, "control plane: object %u is %llu, %llu was answered", i,
                      (unsigned long long)value, (unsigned long long)o->value);
        o->value = value;
        o->has_maybe = false;
        arena_clear(arena);
    }
    arena_free(arena);
}

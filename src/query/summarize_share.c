/* SPDX-License-Identifier: Apache-2.0 */
/* summarize_share.c - many groups of one key, joined and handed on by all threads.
 *
 * Groups that are set aside are divided by their hash.  A share, which fits a cache, is joined
 * from what all parts have set aside by one thread, and handed on before the next one takes
 * its room.
 */
#include "query/summarize_priv.h"

#define SHARE_BITS 6u
#define SHARES (1u << SHARE_BITS)
#define JOINED_MIN 32768u /* groups of all parts: what threads cost is a tenth of them */
#define ASIDE_MIN 12288u  /* what a batch adds to them still fits a table of 16,384 */
#define ROWS_A_GROUP 2u   /* with fewer groups are set aside */
#define RUNS_A_KEY 4u     /* on average; in more a key is not set aside: a table takes as much */

/* Groups that were set aside at once: those of share s are first[s] .. first[s + 1]. */
struct group_run {
    struct group_run *next;
    uint32_t first[SHARES + 2];
    struct group_entry *entries;
    char **states; /* a call: array of states */
};

struct joining {
    const struct plan_summarize *plan;
    struct run *run;
    struct summarize_part *parts;
    struct summarize_part *joined; /* a worker's, for one share after the other */
    uint32_t **maps;               /* a worker's, of the groups of a share in one run */
    uint32_t run_max;              /* of them */
    struct stage *out;
};

/* ---- setting aside ---- */

static uint32_t share_of(const struct group_entry *entry)
{
    return (uint32_t)(entry->hash >> (64 - SHARE_BITS));
}

/* Where each group goes: by share. */
static void place_groups(const struct group_entry *entries, uint32_t count,
                         struct group_run *run, uint32_t *places)
{
    for (uint32_t g = 0; g < count; g++)
        run->first[share_of(&entries[g]) + 2]++;
    for (uint32_t s = 0; s < SHARES; s++)
        run->first[s + 2] += run->first[s + 1];
    for (uint32_t g = 0; g < count; g++) {
        places[g] = run->first[share_of(&entries[g]) + 1]++;
        run->entries[places[g]] = entries[g];
    }
}

/* The states move: where they were is zeroed for groups to come. */
static enum status move_states(struct arena *arena, size_t bytes, char *states,
                               const uint32_t *places, uint32_t count, char **ret,
                               struct error *err)
{
    *ret = arena_alloc_raw(arena, count * bytes, err);
    if (*ret == NULL)
        return err->status;
    if (bytes == sizeof(uint64_t)) {
        for (uint32_t g = 0; g < count; g++)
            ((uint64_t *)(void *)*ret)[places[g]] = ((const uint64_t *)(void *)states)[g];
    } else {
        for (uint32_t g = 0; g < count; g++)
            memcpy(*ret + bytes * places[g], states + bytes * g, bytes);
    }
    memset(states, 0, count * bytes);
    return STATUS_OK;
}

static enum status set_aside(const struct plan_summarize *p, struct summarize_part *part,
                             struct error *err)
{
    uint32_t count = key_set_count(&part->keys);
    struct group_run *run = ARENA_NEW(part->arena, struct group_run, err);
    enum status status = STATUS_OK;

    if (run == NULL || part->aside_count + count > QUERY_OPERATOR_ROWS_MAX)
        return run == NULL ? err->status
                           : ERROR_SET(err, STATUS_LIMIT, "more than %u groups",
                                       QUERY_OPERATOR_ROWS_MAX);
    uint32_t *places = arena_alloc_raw(part->arena, count * sizeof(*places), err);
    run->entries = arena_alloc_raw(part->arena, count * sizeof(*run->entries), err);
    run->states = ARENA_ARRAY(part->arena, char *, p->call_count + 1, err);
    if (places == NULL || run->entries == NULL || run->states == NULL)
        return err->status;
    place_groups(key_set_entries(&part->keys), count, run, places);
    for (uint32_t c = 0; c < p->call_count && status == STATUS_OK; c++) {
        if (p->calls[c].shares == 0)
            status = move_states(part->arena, summarize_state_bytes(&p->calls[c]),
                                 part->states[c], places, count, &run->states[c], err);
    }
    if (status != STATUS_OK)
        return status;
    if (part->last_run == NULL)
        part->runs = run;
    else
        part->last_run->next = run;
    part->last_run = run;
    part->aside_count += count;
    part->row_count = 0;
    key_set_clear(&part->keys);
    return STATUS_OK;
}

/* Do the keys come again?  Those of the first share tell for all. */
static enum status sample_run(struct summarize_part *part, const struct group_run *run,
                              struct error *err)
{
    struct group_table *sample = &part->sample;
    uint32_t count = run->first[1];
    uint32_t *map = arena_alloc_raw(part->arena, ((size_t)count + 1) * sizeof(*map), err);
    enum status status = map == NULL ? err->status : STATUS_OK;

    if (status == STATUS_OK && sample->entries == NULL)
        status = group_init(sample, part->arena, err);
    if (status == STATUS_OK)
        status = group_take(sample, run->entries, count, map, err);
    part->sampled += count;
    part->stays = part->sampled > (uint64_t)sample->count * RUNS_A_KEY;
    return status;
}

enum status summarize_relieve(const struct plan_summarize *p, struct summarize_part *part,
                              uint32_t row_count, struct error *err)
{
    uint32_t count = key_set_count(&part->keys);

    part->row_count += row_count;
    if (p->key_count != 1 || part->keys.run->scan_threads < 2 || count < ASIDE_MIN ||
        part->stays || part->row_count > (uint64_t)count * ROWS_A_GROUP)
        return STATUS_OK;
    enum status status = set_aside(p, part, err);
    return status == STATUS_OK ? sample_run(part, part->last_run, err) : status;
}

bool summarize_shares_pay(const struct plan_summarize *p, const struct run *run,
                          const struct summarize_part *parts)
{
    uint64_t total = 0;
    uint32_t used = 0;
    bool any_aside = false;

    if (p->key_count != 1 || run->scan_threads < 2)
        return false;
    for (uint32_t i = 0; i < run->thread_count; i++) {
        if (parts[i].arena == NULL)
            continue;
        total += key_set_count(&parts[i].keys);
        any_aside = any_aside || parts[i].aside_count > 0;
        used++;
    }
    return any_aside || (used > 1 && total >= JOINED_MIN);
}

/* ---- joining ---- */

static enum status divide_part(void *context, struct worker *w, uint32_t index, bool *stop,
                               struct error *err)
{
    struct joining *j = context;
    struct summarize_part *part = &j->parts[index];

    (void)w;
    (void)stop;
    return part->arena != NULL && key_set_count(&part->keys) > 0
               ? set_aside(j->plan, part, err)
               : STATUS_OK;
}

/* Groups of a share as they come over from one run. */
struct taken {
    uint32_t from, count; /* there */
    const uint32_t *map;  /* here */
    uint32_t known;       /* groups that were here before */
};

/* A group that is new here has the other's state as it is, which is then nobody else's. */
static enum status take_states(const struct aggregate_call *call,
                               struct aggregate_state_context *context, char *states,
                               const char *from, const struct taken *taken, struct error *err)
{
    size_t bytes = summarize_state_bytes(call);
    enum status status = STATUS_OK;

    from += bytes * taken->from;
    for (uint32_t i = 0; i < taken->count && status == STATUS_OK; i++) {
        char *to = states + bytes * taken->map[i];
        const char *state = from + bytes * i;
        if (taken->map[i] < taken->known)
            status = summarize_add_state(call, context, to, state, err);
        else if (bytes == sizeof(uint64_t))
            memcpy(to, state, sizeof(uint64_t));
        else
            memcpy(to, state, bytes);
    }
    return status;
}

static enum status take_run(const struct plan_summarize *p, struct summarize_part *into,
                            const struct group_run *run, uint32_t share, uint32_t *map,
                            struct error *err)
{
    const struct taken taken = {
        .from = run->first[share],
        .count = run->first[share + 1] - run->first[share],
        .map = map,
        .known = key_set_count(&into->keys),
    };
    enum status status =
        key_set_take(&into->keys, run->entries + taken.from, taken.count, map, err);

    if (status == STATUS_OK)
        status = summarize_fit(p, into, err);
    for (uint32_t c = 0; c < p->call_count && status == STATUS_OK; c++) {
        if (p->calls[c].shares == 0)
            status = take_states(&p->calls[c], &into->contexts[c], into->states[c],
                                 run->states[c], &taken, err);
    }
    return status;
}

static enum status join_share(void *context, struct worker *w, uint32_t share, bool *stop,
                              struct error *err)
{
    struct joining *j = context;
    struct summarize_part *into = &j->joined[w->index];
    enum status status = STATUS_OK;

    if (into->arena == NULL)
        status = summarize_open(j->plan, j->run, into, err);
    if (status == STATUS_OK && j->maps[w->index] == NULL) {
        j->maps[w->index] =
            arena_alloc_raw(into->arena, (j->run_max + 1) * sizeof(uint32_t), err);
        status = j->maps[w->index] == NULL ? err->status : STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    key_set_clear(&into->keys);
    for (uint32_t i = 0; i < j->run->thread_count; i++) {
        for (const struct group_run *run = j->parts[i].runs; run != NULL && status == STATUS_OK;
             run = run->next)
            status = take_run(j->plan, into, run, share, j->maps[w->index], err);
    }
    return status == STATUS_OK ? summarize_emit(j->plan, into, w, j->out, stop, err) : status;
}

static uint32_t greatest_share(const struct joining *j)
{
    uint32_t greatest = 0;

    for (uint32_t i = 0; i < j->run->thread_count; i++) {
        for (const struct group_run *run = j->parts[i].runs; run != NULL; run = run->next) {
            for (uint32_t s = 0; s < SHARES; s++) {
                uint32_t count = run->first[s + 1] - run->first[s];
                greatest = count > greatest ? count : greatest;
            }
        }
    }
    return greatest;
}

enum status summarize_by_shares(const struct plan_summarize *p, struct run *run,
                                struct summarize_part *parts, struct stage *out,
                                struct error *err)
{
    struct joining j = {.plan = p, .run = run, .parts = parts, .out = out};

    j.joined = ARENA_ARRAY(run->arena, struct summarize_part, run->thread_count, err);
    j.maps = ARENA_ARRAY(run->arena, uint32_t *, run->thread_count, err);
    if (j.joined == NULL || j.maps == NULL)
        return err->status;
    enum status status = run_pieces(run, run->thread_count, divide_part, &j, err);
    j.run_max = greatest_share(&j);
    if (status == STATUS_OK)
        status = run_pieces(run, SHARES, join_share, &j, err);
    for (uint32_t i = 0; i < run->thread_count; i++)
        arena_free(j.joined[i].arena);
    return status;
}

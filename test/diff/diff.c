/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c - asks random questions in several ways and compares the answers.
 *
 * usage: diff [--count N] [--seed N] [--each] [--forms] [--coverage] [--print] [--stop N]
 *             [--text QUERY]
 *
 * Question i comes from seed + i alone, so that a line of the output is enough
 * to ask it again (--seed S --count 1).  Each question is answered naively, by
 * the engine over a plain source, and by the engine in one more way in turn;
 * with --each in all of them.  With --coverage it is an error if something of the
 * reference of the language was not asked for.  A question whose answers differ is made smaller.
 * The last line is the count; exit 1 if any differed.
 */
#include "forms.h"

#include "base/limits.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FORMS_EVERY 4u

struct options {
    uint64_t seed, count, stop;
    bool each, print, forms, coverage;
    const char *text;
};

struct tally {
    uint64_t asked, naive, limits, errors, answers, rows, differ;
};

struct pair {
    const struct way *way; /* against the naive answer, or against WAYS[0] */
    struct buf *what;
    struct tally *tally;
};

static struct answer new_answer(struct arena *arena)
{
    return (struct answer){.arena = arena};
}

/* The first difference between the naive or plain answer and the way's. */
static bool differs(const struct question *q, void *context)
{
    struct pair *pair = context;
    struct arena *arena = arena_new(2 * GIB);
    struct answer base = new_answer(arena), other = new_answer(arena);
    struct buf text;

    if (arena == NULL)
        abort();
    buf_init(&text, MIB);
    buf_clear(pair->what);
    render_question(q, &text);
    if (pair->way == &WAYS[0] && question_is_known(q))
        naive_answer(q, &base);
    else
        engine_answer(buf_slice(&text), &WAYS[0], &base);
    engine_answer(buf_slice(&text), pair->way, &other);
    /* Which rows a take leaves is free; against the naive answer it is checked. */
    const struct step *last = pipe_last(q->pipe);
    bool is_take = last != NULL && last->kind == STEP_TAKE;
    if (is_take && pair->way != &WAYS[0] && base.error[0] == '\0') {
        struct answer known = new_answer(arena);
        naive_answer(q, &known);
        compare_answers(q, &known, &other, pair->what);
    } else {
        compare_answers(q, &base, &other, pair->what);
    }
    if (pair->tally != NULL) {
        pair->tally->limits += base.is_limit || other.is_limit;
        pair->tally->errors += other.error[0] != '\0' && !other.is_limit;
        pair->tally->rows += other.row_count;
        pair->tally->answers++;
    }
    buf_release(&text);
    arena_free(arena);
    return pair->what->size > 0;
}

static void report(struct question *q, struct pair *pair, uint64_t seed)
{
    struct buf text;

    buf_init(&text, MIB);
    pair->tally = NULL;
    question_shrink(q, differs, pair);
    (void)differs(q, pair);
    render_question(q, &text);
    printf("--seed %" PRIu64 " --count 1: %s differs from %s\n%.*s\n%.*s\n", seed,
           pair->way->name,
           pair->way == &WAYS[0] && question_is_known(q) ? "the naive answer" : WAYS[0].name,
           SLICE_FMT(buf_slice(&text)), SLICE_FMT(buf_slice(pair->what)));
    (void)fflush(stdout);
    buf_release(&text);
}

/* One question in several texts: the first over the plain source, the others in some way. */
static void ask_forms(const struct options *options, uint64_t seed, struct tally *tally)
{
    struct dice dice = {.state = seed};
    struct arena *arena = arena_new(GIB);
    struct forms forms;
    struct buf what;

    if (arena == NULL)
        abort();
    if (seed / FORMS_EVERY % 4 == 0)
        operators_make(&dice, arena, seed / FORMS_EVERY / 4, &forms);
    else
        forms_make(&dice, arena, seed / FORMS_EVERY, &forms);
    struct answer base = new_answer(arena);
    buf_init(&what, MIB);
    for (uint32_t i = 0; i < forms.count && options->print; i++)
        printf("%s\n", forms.texts[i]);
    engine_answer(slice_of(forms.texts[0]), &WAYS[0], &base);
    tally->asked++;
    for (uint32_t i = 0; i < forms.count && what.size == 0; i++) {
        const struct way *way = &WAYS[i == 0 ? 1 + roll(&dice, WAY_COUNT - 1)
                                             : roll(&dice, WAY_COUNT)];
        struct answer other = new_answer(arena);
        engine_answer(slice_of(forms.texts[i]), way, &other);
        bool fails = base.error[0] != '\0' || other.error[0] != '\0';
        if (!(fails && forms.may_fail[i]))
            compare_forms(&base, &other, forms.is_loose, &what);
        tally->limits += base.is_limit || other.is_limit;
        tally->errors += other.error[0] != '\0' && !other.is_limit;
        tally->rows += other.row_count;
        tally->answers++;
        if (options->coverage && other.error[0] == '\0')
            cover_text(forms.texts[i]);
        if (options->print && other.error[0] != '\0')
            printf("  %s\n", other.error);
        if (what.size > 0)
            printf("--forms --seed %" PRIu64 " --count 1: %s, differs from %s\n%s\n%s\n%.*s\n",
                   seed, way->name, WAYS[0].name, forms.texts[i], forms.texts[0],
                   SLICE_FMT(buf_slice(&what)));
    }
    (void)fflush(stdout);
    tally->differ += what.size > 0;
    buf_release(&what);
    arena_free(arena);
}

/* A text of the command line, in every way. */
static void ask_text(const char *text, struct tally *tally)
{
    struct arena *arena = arena_new(GIB);
    struct buf what;

    if (arena == NULL)
        abort();
    buf_init(&what, MIB);
    struct answer base = new_answer(arena);
    engine_answer(slice_of(text), &WAYS[0], &base);
    printf("%u rows %s\n", base.row_count, base.error);
    tally->asked++;
    for (uint32_t w = 1; w < WAY_COUNT; w++) {
        struct answer other = new_answer(arena);
        engine_answer(slice_of(text), &WAYS[w], &other);
        buf_clear(&what);
        compare_forms(&base, &other, false, &what);
        tally->answers++;
        tally->differ += what.size > 0;
        if (what.size > 0)
            printf("%s differs from %s\n%.*s\n", WAYS[w].name, WAYS[0].name,
                   SLICE_FMT(buf_slice(&what)));
    }
    buf_release(&what);
    arena_free(arena);
}

static void ask(const struct options *options, uint64_t seed, struct tally *tally)
{
    struct dice dice = {.state = seed};
    struct arena *arena = arena_new(512 * MIB);
    struct buf what;

    if (arena == NULL)
        abort();
    struct question *q = question_make(&dice, arena);
    buf_init(&what, MIB);
    if (options->print) {
        render_question(q, &what);
        printf("%.*s\n", SLICE_FMT(buf_slice(&what)));
    }
    tally->asked++;
    tally->naive += question_is_known(q);
    for (uint32_t w = 0; w < WAY_COUNT; w++) {
        struct pair pair = {&WAYS[w], &what, tally};
        if (w > 0 && !options->each && w != 1 + seed % (WAY_COUNT - 1))
            continue;
        if (w == 0 && !question_is_known(q))
            continue;
        if (differs(q, &pair)) {
            tally->differ++;
            report(q, &pair, seed);
            break;
        }
    }
    buf_release(&what);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .count = 1000, .stop = 20};
    struct tally tally = {0};
    bool usage = false;

    for (int i = 1; i < argc; i++) {
        uint64_t *number = strcmp(argv[i], "--seed") == 0    ? &options.seed
                           : strcmp(argv[i], "--count") == 0 ? &options.count
                           : strcmp(argv[i], "--stop") == 0  ? &options.stop
                                                             : NULL;
        if (strcmp(argv[i], "--text") == 0 && i + 1 < argc)
            options.text = argv[++i];
        else if (number != NULL && i + 1 < argc)
            usage |= !text_parse_u64(slice_of(argv[++i]), number);
        else if (strcmp(argv[i], "--each") == 0)
            options.each = true;
        else if (strcmp(argv[i], "--forms") == 0)
            options.forms = true;
        else if (strcmp(argv[i], "--coverage") == 0)
            options.coverage = true;
        else if (strcmp(argv[i], "--print") == 0)
            options.print = true;
        else
            usage = true;
    }
    if (usage) {
        fprintf(stderr,
                "usage: diff [--count N] [--seed N] [--each] [--forms] [--coverage] [--print] "
                "[--stop N] [--text QUERY]\n");
        return 2;
    }
    callees_open();
    engine_open();
    cover_open();
    if (options.text != NULL) {
        ask_text(options.text, &tally);
        options.count = 0;
    }
    for (uint64_t i = 0; i < options.count && tally.differ < options.stop; i++) {
        if (options.forms || (options.seed + i) % FORMS_EVERY == 0)
            ask_forms(&options, options.seed + i, &tally);
        else
            ask(&options, options.seed + i, &tally);
    }
    engine_close();
    printf("%" PRIu64 " questions (%" PRIu64 " also naively), %" PRIu64 " comparisons, %" PRIu64
           " rows, %" PRIu64 " at a limit, %" PRIu64 " failed alike, %.0f s of CPU: %" PRIu64
           " differ\n",
           tally.asked, tally.naive, tally.answers, tally.rows, tally.limits, tally.errors,
           (double)clock() / CLOCKS_PER_SEC, tally.differ);
    uint32_t missed = options.coverage ? cover_report() : 0;
    return tally.differ > 0 || missed > 0;
}

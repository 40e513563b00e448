/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook ingest`: files to requests, with progress, retries and one answer.
 *
 * Each request carries an idempotency key, so that a retry after a lost answer
 * stores nothing twice. */
#include "cli/command_priv.h"

#include "base/clock.h"
#include "base/guid.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/feed.h"
#include "cli/output.h"
#include "cli/source.h"
#include "codec/compress.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256 * KIB)
#define TRIES_MAX 12u
#define QUIET_TRIES 3u
#define FOLLOW_MS 500u
#define PROGRESS_US 200000u
#define FOLLOW_LINE_BYTES (64 * KIB) /* of receipts: who follows for months gets them in lines */

struct sender {
    const struct command_context *context;
    struct session *session;
    struct guid run;          /* makes the idempotency keys of this run unique */
    uint64_t request_count;
    uint64_t said_records, said_stored; /* in lines that were printed */
    /* sums of the answers since then */
    uint64_t records, stored, duplicates, conflicting, foreign, count, first_seq;
    struct buf quarantined;   /* inside of the JSON array */
    struct buf receipts;
    uint64_t unsigned_count;  /* of count: no receipt came for them */
    /* progress */
    bool show_progress;
    uint64_t started_us, shown_us, bytes_done, bytes_total, encoded_done;
};

static void show_progress(struct sender *s, bool last)
{
    uint64_t now = clock_monotonic_us(clock_system());

    if (!s->show_progress || (!last && now - s->shown_us < PROGRESS_US))
        return;
    s->shown_us = now;
    double seconds = (double)(now - s->started_us) / 1e6;
    uint64_t records = s->said_records + s->records;
    double share = s->bytes_total > 0 ? (double)s->encoded_done / (double)s->bytes_total : 0;
    char eta[32] = "";
    if (!last && share > 0.01)
        (void)snprintf(eta, sizeof(eta), ", %.0f s left", seconds / share - seconds);
    (void)fprintf(stderr, "\r\033[K%3.0f %%  %llu records, %.1f MB/s, %.0f records/s%s%s",
                  share * 100, (unsigned long long)records,
                  seconds > 0 ? (double)s->bytes_done / 1e6 / seconds : 0,
                  seconds > 0 ? (double)records / seconds : 0, eta, last ? "\n" : "");
}

static void sum_quarantined(struct sender *s, struct slice text, const struct json_tape *tape)
{
    uint32_t array = json_member(text, tape->tokens, 0, SLICE("quarantined"));

    if (array == UINT32_MAX)
        return;
    for (uint32_t i = array + 1; i < tape->tokens[array].next; i = tape->tokens[i].next) {
        uint32_t reason = json_member(text, tape->tokens, i, SLICE("reason"));
        if (s->quarantined.size > 0)
            buf_add_byte(&s->quarantined, ',');
        buf_add_format(&s->quarantined, "{\"index\":%llu,\"reason\":",
                       (unsigned long long)(s->records + answer_number(text, tape, i, "index")));
        if (reason != UINT32_MAX && tape->tokens[reason].kind == JSON_STRING)
            buf_add(&s->quarantined, text.data + tape->tokens[reason].start - 1,
                    tape->tokens[reason].end - tape->tokens[reason].start + 2);
        else
            buf_add_text(&s->quarantined, "null");
        buf_add_byte(&s->quarantined, '}');
    }
}

static void sum_answer(struct sender *s, struct slice text, const struct json_tape *tape)
{
    uint64_t first_seq = answer_number(text, tape, 0, "first_seq");
    uint32_t receipt = json_member(text, tape->tokens, 0, SLICE("receipt"));

    sum_quarantined(s, text, tape);
    s->records += answer_number(text, tape, 0, "records");
    s->stored += answer_number(text, tape, 0, "stored");
    s->duplicates += answer_number(text, tape, 0, "duplicates");
    s->conflicting += answer_number(text, tape, 0, "conflicting");
    s->foreign += answer_number(text, tape, 0, "foreign");
    s->count += answer_number(text, tape, 0, "count");
    if (s->first_seq == 0)
        s->first_seq = first_seq;
    if (receipt != UINT32_MAX && tape->tokens[receipt].kind == JSON_STRING &&
        tape->tokens[receipt].end > tape->tokens[receipt].start) {
        if (s->receipts.size > 0)
            buf_add_text(&s->receipts, "\\n");
        buf_add_slice(&s->receipts, json_text(text, &tape->tokens[receipt]));
    } else {
        s->unsigned_count += answer_number(text, tape, 0, "count");
    }
}

static void sleep_ms(uint64_t ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

    (void)nanosleep(&t, NULL);
}

static bool is_interrupted(const struct sender *s)
{
    return atomic_load(s->context->host->interrupted);
}

static void say_again(const struct sender *s, const struct error *err)
{
    struct buf text;

    buf_init(&text, ERROR_TEXT_BYTES * 8);
    text_add_printable(&text, slice_of(err->text));
    (void)fprintf(stderr, "%sdaybook: %.*s; trying again\n", s->show_progress ? "\r\033[K" : "",
                  SLICE_FMT(buf_slice(&text)));
    buf_release(&text);
}

/* One request; again after a refusal that says "later" or a broken connection. */
static enum status send_body(struct sender *s, struct slice body, struct error *err)
{
    const struct options *o = s->context->options;
    char key[64], run[GUID_TEXT_BYTES + 1];
    struct json_tape tape;
    enum status status = STATUS_OK;

    guid_format(&s->run, run);
    (void)snprintf(key, sizeof(key), "%s-%llu", run, (unsigned long long)s->request_count++);
    struct http_pair headers[2] = {{SLICE("idempotency-key"), slice_of(key)},
                                   {SLICE("content-type"), SLICE("application/x-ndjson")}};
    struct http_pair query[2] = {{SLICE("tenant"), slice_of(options_get(o, "tenant", ""))},
                                 {SLICE("table"), slice_of(options_get(o, "table", ""))}};
    struct session_request request = {
        .method = HTTP_POST,
        .path = "/v1/ingest",
        .query = query,
        .query_count = options_has(o, "table") ? 2 : 1,
        .headers = headers,
        .header_count = 2,
        .body = body,
    };
    json_tape_init(&tape);
    for (unsigned try = 0; try < TRIES_MAX; try++) {
        struct session_answer answer = {0};
        status = session_ask(s->session, &request, &answer, &tape, err);
        unsigned wait_s = answer.retry_after_s;
        if (status == STATUS_OK)
            sum_answer(s, buf_slice(&answer.body), &tape);
        session_answer_release(&answer);
        bool again = status == STATUS_BUSY || status == STATUS_FULL || status == STATUS_IO;
        if (!again || is_interrupted(s) || try + 1 == TRIES_MAX)
            break;
        if (try == (status == STATUS_BUSY ? QUIET_TRIES : 0)) /* busy for a moment is usual */
            say_again(s, err);
        sleep_ms(wait_s > 0 ? wait_s * 1000u : 100u << (try < 6 ? try : 6));
    }
    json_tape_release(&tape);
    s->bytes_done += body.size;
    show_progress(s, false);
    return status;
}

static enum status stopped(const struct sender *s, struct error *err)
{
    return ERROR_SET(err, STATUS_CANCELLED,
                     "stopped; %llu records were stored, sending the file again stores no record "
                     "twice if records have an Id",
                     (unsigned long long)(s->said_stored + s->stored));
}

static enum status print_answer(struct sender *s, struct error *err)
{
    struct buf line;

    buf_init(&line, GIB);
    buf_add_format(&line,
                   "{\"records\":%llu,\"stored\":%llu,\"duplicates\":%llu,\"conflicting\":%llu,"
                   "\"foreign\":%llu,\"quarantined\":[",
                   (unsigned long long)s->records, (unsigned long long)s->stored,
                   (unsigned long long)s->duplicates, (unsigned long long)s->conflicting,
                   (unsigned long long)s->foreign);
    buf_add_slice(&line, buf_slice(&s->quarantined));
    buf_add_format(&line, "],\"first_seq\":%llu,\"count\":%llu,\"receipt\":\"",
                   (unsigned long long)s->first_seq, (unsigned long long)s->count);
    buf_add_slice(&line, buf_slice(&s->receipts));
    buf_add_text(&line, "\"}\n");
    enum status status = buf_check(&s->receipts, err); /* half of them would look like all */
    if (status == STATUS_OK)
        status = buf_check(&s->quarantined, err);
    if (status == STATUS_OK)
        status = buf_check(&line, err);
    if (status == STATUS_OK)
        status = output_write(buf_slice(&line), err);
    buf_release(&line);
    return status;
}

/* Who follows a file may do so for months, and be ended without a word: what stands in memory
 * alone is lost then, and the memory has an end. */
static enum status say_some(struct sender *s, struct error *err)
{
    if (!options_has(s->context->options, "follow") ||
        s->receipts.size + s->quarantined.size < FOLLOW_LINE_BYTES)
        return STATUS_OK;
    enum status status = print_answer(s, err);
    if (status != STATUS_OK)
        return status;
    s->said_records += s->records;
    s->said_stored += s->stored;
    s->records = s->stored = s->duplicates = s->conflicting = s->foreign = 0;
    s->count = s->first_seq = 0;
    buf_clear(&s->quarantined);
    buf_clear(&s->receipts);
    return STATUS_OK;
}

static enum status drain(struct sender *s, struct feed *feed, enum feed_part part,
                         struct error *err)
{
    struct slice body;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && feed_body(feed, part, &body)) {
        status = send_body(s, body, err);
        feed_taken(feed);
        if (status == STATUS_OK)
            status = say_some(s, err);
        if (is_interrupted(s))
            return stopped(s, err);
    }
    return status;
}

/* The end of following: what is whole is sent; the beginning of a record is not one. */
static enum status end_follow(struct sender *s, struct feed *feed, struct error *err)
{
    atomic_store(s->context->host->interrupted, false); /* it was about the waiting */
    enum status status = drain(s, feed, FEED_WHOLE, err);

    if (status == STATUS_OK && slice_trim(buf_slice(&feed->body)).size > 0 && !feed->is_array)
        (void)fprintf(stderr, "daybook: the last line has no end yet and was not sent\n");
    return status;
}

/* A file on its way into bodies. */
struct intake {
    struct source source;
    struct feed feed;
    struct decompressor *decompressor;
    struct buf decoded;
};

static enum status take(struct sender *s, struct intake *intake, struct slice bytes,
                        struct error *err)
{
    enum status status = STATUS_OK;

    s->encoded_done += bytes.size;
    if (intake->decompressor == NULL)
        status = decompressor_new(compression_detect(bytes), &intake->decompressor, err);
    buf_clear(&intake->decoded);
    if (status == STATUS_OK)
        status = decompressor_feed(intake->decompressor, bytes, &intake->decoded, err);
    if (status == STATUS_OK)
        status = feed_add(&intake->feed, buf_slice(&intake->decoded), err);
    /* Who follows has caught up when less comes than there is room for. */
    bool waits = intake->source.is_followed && bytes.size < READ_BYTES;
    return status == STATUS_OK ? drain(s, &intake->feed, waits ? FEED_WHOLE : FEED_FULL, err)
                               : status;
}

/* All that the file had, its last record complete or not. */
static enum status finish(struct sender *s, struct intake *intake, struct error *err)
{
    enum status status = STATUS_OK;

    if (intake->decompressor != NULL)
        status = decompressor_finish(intake->decompressor, err);
    return status == STATUS_OK ? drain(s, &intake->feed, FEED_ALL, err) : status;
}

/* The file that is followed begins again. */
static enum status begin_again(struct sender *s, struct intake *intake, struct error *err)
{
    (void)fprintf(stderr, "%sdaybook: '%s' begins again: it was cut short or replaced\n",
                  s->show_progress ? "\r\033[K" : "", intake->source.path);
    enum status status = finish(s, intake, err);
    feed_release(&intake->feed);
    feed_init(&intake->feed);
    decompressor_free(intake->decompressor);
    intake->decompressor = NULL;
    return status;
}

/* Before it waits it sends what is whole: a last read that was a full one did not. */
static enum status wait_for_more(struct sender *s, struct intake *intake, struct error *err)
{
    enum status status =
        intake->source.is_followed ? drain(s, &intake->feed, FEED_WHOLE, err) : STATUS_OK;

    if (status == STATUS_OK)
        sleep_ms(FOLLOW_MS);
    return status;
}

/* Reads to the end of the file (with --follow until it is interrupted) and sends. */
static enum status pump(struct sender *s, struct intake *intake, struct error *err)
{
    static char chunk[READ_BYTES];
    enum source_state state = SOURCE_BYTES;
    enum status status = STATUS_OK;
    size_t size;

    while (status == STATUS_OK && state != SOURCE_ENDS && !is_interrupted(s)) {
        status = source_read(&intake->source, chunk, sizeof(chunk), &state, &size, err);
        if (status != STATUS_OK)
            break;
        if (state == SOURCE_BYTES)
            status = take(s, intake, slice_from(chunk, size), err);
        else if (state == SOURCE_ANEW)
            status = begin_again(s, intake, err);
        else if (state == SOURCE_WAITS && !is_interrupted(s))
            status = wait_for_more(s, intake, err);
    }
    if (status == STATUS_OK && is_interrupted(s))
        return intake->source.is_followed ? end_follow(s, &intake->feed, err) : stopped(s, err);
    if (status == STATUS_OK)
        status = finish(s, intake, err);
    if (status == STATUS_OK && feed_is_cut(&intake->feed))
        status = ERROR_SET(err, STATUS_INVALID,
                           "the JSON array has no end, so the file was cut off; what it has was "
                           "sent");
    if (status == STATUS_OK && feed_has_rest(&intake->feed))
        status = ERROR_SET(err, STATUS_INVALID,
                           "there is more behind the JSON array: look for it in Quarantine, and "
                           "name a file for each array");
    return status;
}

static enum status send_file(struct sender *s, const char *path, struct error *err)
{
    struct intake intake = {0};
    enum status status =
        source_open(&intake.source, path, options_has(s->context->options, "follow"), err);

    if (status != STATUS_OK)
        return status;
    feed_init(&intake.feed);
    buf_init(&intake.decoded, GIB);
    status = pump(s, &intake, err);
    if (status != STATUS_OK && status != STATUS_CANCELLED && status != STATUS_IO)
        (void)error_wrap(err, "%s", path);
    feed_release(&intake.feed);
    decompressor_free(intake.decompressor);
    buf_release(&intake.decoded);
    source_close(&intake.source);
    return status;
}

static void add_sizes(struct sender *s)
{
    struct stat st;

    for (uint32_t i = 0; i < s->context->options->word_count; i++) {
        if (stat(s->context->options->words[i], &st) == 0)
            s->bytes_total += (uint64_t)st.st_size;
    }
}

int cmd_ingest(const struct command_context *context)
{
    const struct options *o = context->options;
    struct sender s = {.context = context, .run = guid_new()};
    struct error err;

    if (o->word_count == 0)
        return command_usage(context, "name a file, or '-' for standard input");
    if (options_has(o, "follow") && o->word_count > 1)
        return command_usage(context, "--follow reads one file, it has no end");
    if (options_has(o, "data") && !options_has(o, "tenant"))
        return command_usage(context, "--tenant NAME is wanted");
    buf_init(&s.quarantined, GIB);
    buf_init(&s.receipts, GIB);
    s.show_progress = !options_has(o, "quiet") && isatty(STDERR_FILENO);
    s.started_us = clock_monotonic_us(clock_system());
    add_sizes(&s);
    enum status status = session_open(context, &s.session, &err);
    for (uint32_t i = 0; status == STATUS_OK && i < o->word_count; i++)
        status = send_file(&s, o->words[i], &err);
    if (status == STATUS_OK && s.request_count == 0) /* also nothing is for somebody who is there */
        status = send_body(&s, SLICE(""), &err);
    show_progress(&s, true);
    int code = status == STATUS_OK ? CLI_OK : cli_fail(&err);
    /* Also after a failure: whoever has the receipts can prove what was stored before it. */
    if ((status == STATUS_OK || s.records > 0) && print_answer(&s, &err) != STATUS_OK)
        code = cli_fail(&err);
    if (s.unsigned_count > 0)
        (void)fprintf(stderr, "daybook: %llu records are stored, but no receipt came for them; "
                      "'daybook doctor' says whether the keys are there\n",
                      (unsigned long long)s.unsigned_count);
    session_close(s.session);
    buf_release(&s.quarantined);
    buf_release(&s.receipts);
    return code;
}

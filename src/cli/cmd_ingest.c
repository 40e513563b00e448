/* SPDX-License-Identifier: Apache-2.0 */
/* `daybook ingest`: files to requests, with progress, retries and one answer.
 *
 * Each request carries an idempotency key, so that a retry after a lost answer
 * stores nothing twice. */
#include "cli/command_priv.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/feed.h"
#include "cli/output.h"
#include "cli/patience.h"
#include "cli/place.h"
#include "cli/source.h"
#include "codec/compress.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256 * KIB)
#define PATIENCE_MS (10 * 60000u) /* of a file; who follows one waits as long as it takes */
#define END_PATIENCE_MS 10000u    /* of who was told to end */
#define FOLLOW_MS 500u
#define PROGRESS_US 200000u
#define DOUBTS_US 60000000u
#define FOLLOW_LINE_BYTES (64 * KIB) /* of receipts: who follows for months gets them in lines */

/* Records that were taken, and may not be what the sender meant. */
struct doubts {
    uint64_t quarantined, conflicting, foreign;
};

struct sender {
    const struct command_context *context;
    struct session *session;
    struct place place;       /* also without --state: makes the idempotency keys */
    struct place_file *state; /* NULL without --state */
    uint64_t said_records, said_stored; /* in lines that were printed */
    /* sums of the answers since then */
    uint64_t records, stored, duplicates, conflicting, foreign, count, first_seq;
    struct buf quarantined;   /* inside of the JSON array */
    struct buf receipts;
    uint64_t unsigned_count;  /* of count: no receipt came for them */
    enum output_format format;
    /* of the whole run: what whoever sends has to know of, and what was said of it */
    struct doubts doubts, said;
    uint64_t doubted_us;      /* when it was said; 0: never */
    char first_reason[256];   /* of the first quarantined record */
    uint64_t first_index;
    bool is_ending;           /* following was ended: what is whole is sent yet */
    /* progress */
    bool show_progress;
    uint64_t shown_records;
    uint64_t started_us, shown_us, bytes_done, bytes_total, encoded_done;
};

/* The answer is its numbers alone: receipts and reasons would fill the screen. */
static bool is_short(const struct sender *s)
{
    return s->format == OUTPUT_TABLE || s->format == OUTPUT_CSV;
}

static void show_progress(struct sender *s, bool last)
{
    uint64_t now = clock_monotonic_us(clock_system());

    if (!s->show_progress || (!last && now - s->shown_us < PROGRESS_US))
        return;
    s->shown_us = now;
    double seconds = (double)(now - s->started_us) / 1e6;
    uint64_t records = s->said_records + s->records;
    s->shown_records = records;
    double share = s->bytes_total > 0 ? (double)s->encoded_done / (double)s->bytes_total : 0;
    (void)fprintf(stderr, "\r\033[K");
    if (s->bytes_total > 0)
        (void)fprintf(stderr, "%3.0f %%  ", share * 100);
    (void)fprintf(stderr, "%llu records", (unsigned long long)records);
    if (options_has(s->context->options, "follow")) /* a rate over months says nothing */
        (void)fprintf(stderr, ", %.1f MB", (double)s->bytes_done / 1e6);
    else if (seconds > 0)
        (void)fprintf(stderr, ", %.1f MB/s, %.0f records/s",
                      (double)s->bytes_done / 1e6 / seconds, (double)records / seconds);
    if (!last && share > 0.01)
        (void)fprintf(stderr, ", %.0f s left", seconds / share - seconds);
    if (last)
        (void)fprintf(stderr, "\n");
}

static void say_number(struct buf *text, uint64_t number, const char *what)
{
    if (number > 0)
        buf_add_format(text, "%s%llu %s", text->size > 0 ? ", " : "",
                       (unsigned long long)number, what);
}

/* On standard error, since the numbers of the answer are easily missed: what went to another
 * place than was meant.  Who follows a file hears of it once a minute. */
static void say_doubts(struct sender *s, bool last)
{
    const struct doubts *d = &s->doubts;
    uint64_t now = clock_monotonic_us(clock_system());
    struct buf text;

    if (memcmp(d, &s->said, sizeof(*d)) == 0 ||
        (!last && (!options_has(s->context->options, "follow") ||
                   (s->doubted_us > 0 && now - s->doubted_us < DOUBTS_US))))
        return;
    s->doubted_us = now;
    s->said = *d;
    buf_init(&text, 64 * KIB);
    say_number(&text, d->quarantined, "quarantined (see the table Quarantine)");
    say_number(&text, d->conflicting, "with an Id that came before with other bytes");
    say_number(&text, d->foreign, "of another OrganizationId than the tenant's");
    if (d->quarantined > 0) {
        buf_add_format(&text, "; the first quarantined is number %llu: ",
                       (unsigned long long)s->first_index + 1);
        text_add_printable(&text, slice_of(s->first_reason));
    }
    (void)fprintf(stderr, "%sdaybook: of %llu records: %.*s\n",
                  s->show_progress ? "\r\033[K" : "",
                  (unsigned long long)(s->said_records + s->records),
                  SLICE_FMT(buf_slice(&text)));
    buf_release(&text);
}

/* The reason as JSON has it, in its quotes. */
static void keep_quarantined(struct sender *s, uint64_t index, struct slice quoted)
{
    struct buf reason;

    if (s->doubts.quarantined++ == 0) {
        buf_init(&reason, 64 * KIB);
        if (quoted.size > 2)
            json_unescape(slice_from(quoted.data + 1, quoted.size - 2), &reason);
        (void)snprintf(s->first_reason, sizeof(s->first_reason), "%.*s",
                       SLICE_FMT(buf_slice(&reason)));
        s->first_index = s->said_records + index;
        buf_release(&reason);
    }
    if (is_short(s))
        return;
    if (s->quarantined.size > 0)
        buf_add_byte(&s->quarantined, ',');
    buf_add_format(&s->quarantined, "{\"index\":%llu,\"reason\":", (unsigned long long)index);
    buf_add_slice(&s->quarantined, quoted);
    buf_add_byte(&s->quarantined, '}');
}

static void sum_quarantined(struct sender *s, struct slice text, const struct json_tape *tape)
{
    uint32_t array = json_member(text, tape->tokens, 0, SLICE("quarantined"));

    if (array == UINT32_MAX)
        return;
    for (uint32_t i = array + 1; i < tape->tokens[array].next; i = tape->tokens[i].next) {
        uint32_t reason = json_member(text, tape->tokens, i, SLICE("reason"));
        struct slice quoted = SLICE("null");
        if (reason != UINT32_MAX && tape->tokens[reason].kind == JSON_STRING)
            quoted = slice_from(text.data + tape->tokens[reason].start - 1,
                                tape->tokens[reason].end - tape->tokens[reason].start + 2);
        keep_quarantined(s, s->records + answer_number(text, tape, i, "index"), quoted);
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
    s->doubts.conflicting += answer_number(text, tape, 0, "conflicting");
    s->doubts.foreign += answer_number(text, tape, 0, "foreign");
    s->count += answer_number(text, tape, 0, "count");
    if (s->first_seq == 0)
        s->first_seq = first_seq;
    if (receipt != UINT32_MAX && tape->tokens[receipt].kind == JSON_STRING &&
        tape->tokens[receipt].end > tape->tokens[receipt].start) {
        if (is_short(s))
            return;
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

static struct patience patience_of(const struct sender *s)
{
    if (s->is_ending)
        return (struct patience){.limit_ms = END_PATIENCE_MS};
    return (struct patience){
        .limit_ms = options_has(s->context->options, "follow") ? 0 : PATIENCE_MS};
}

static bool is_temporary(enum status status)
{
    return status == STATUS_BUSY || status == STATUS_FULL || status == STATUS_IO;
}

/* After a failure.  False: no other try. */
static bool waited(const struct sender *s, struct patience *patience, unsigned asked_s,
                   const struct error *err)
{
    uint64_t now = clock_monotonic_us(clock_system()), ms;

    if (is_interrupted(s) || !patience_wait(patience, now, asked_s, &ms))
        return false;
    if (patience_tells(patience, now, err->status == STATUS_BUSY))
        say_again(s, err);
    sleep_ms(ms);
    return !is_interrupted(s);
}

/* One request; again after a refusal that says "later" or a broken connection. */
static enum status send_body(struct sender *s, struct slice body, struct error *err)
{
    const struct options *o = s->context->options;
    char key[64], run[GUID_TEXT_BYTES + 1];
    struct patience patience = patience_of(s);
    struct json_tape tape;
    enum status status = STATUS_OK;

    guid_format(&s->place.run, run);
    (void)snprintf(key, sizeof(key), "%s-%llu", run, (unsigned long long)s->place.request);
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
    for (bool again = true; again;) {
        struct session_answer answer = {0};
        status = session_ask(s->session, &request, &answer, &tape, err);
        unsigned asked_s = answer.retry_after_s;
        if (status == STATUS_OK)
            sum_answer(s, buf_slice(&answer.body), &tape);
        session_answer_release(&answer);
        again = is_temporary(status) && waited(s, &patience, asked_s, err);
    }
    json_tape_release(&tape);
    s->bytes_done += body.size;
    show_progress(s, false);
    return status;
}

static enum status stopped(const struct sender *s, struct error *err)
{
    if (s->state != NULL)
        return ERROR_SET(err, STATUS_CANCELLED, "stopped; the next start goes on there");
    return ERROR_SET(err, STATUS_CANCELLED,
                     "stopped; %llu records were stored, sending the file again stores no record "
                     "twice if records have an Id",
                     (unsigned long long)(s->said_stored + s->stored));
}

/* For people, and as CSV: the numbers. */
static enum status print_numbers(const struct sender *s, struct error *err)
{
    static const struct slice columns[] = {
        {"records", 7},  {"stored", 6},       {"duplicates", 10}, {"conflicting", 11},
        {"foreign", 7},  {"quarantined", 11}, {"first_seq", 9},   {"count", 5},
    };
    const uint64_t numbers[] = {s->records, s->stored,             s->duplicates, s->conflicting,
                                s->foreign, s->doubts.quarantined, s->first_seq,  s->count};
    struct output output;
    struct json_tape tape;
    struct buf row;

    buf_init(&row, MIB);
    json_tape_init(&tape);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        buf_add_format(&row, "%c%llu", i == 0 ? '[' : ',', (unsigned long long)numbers[i]);
    buf_add_byte(&row, ']');
    enum status status = buf_check(&row, err);
    if (status == STATUS_OK && json_parse(buf_slice(&row), JSON_DEPTH_MAX, &tape) != JSON_OK)
        status = ERROR_MEMORY(err);
    if (status == STATUS_OK)
        status = output_begin(&output, s->format, columns, sizeof(columns) / sizeof(columns[0]),
                              s->context->arena, err);
    if (status == STATUS_OK)
        status = output_row(&output, buf_slice(&row), &tape, 0, err);
    if (status == STATUS_OK)
        status = output_end(&output, err);
    json_tape_release(&tape);
    buf_release(&row);
    return status;
}

static enum status print_answer(struct sender *s, struct error *err)
{
    struct buf line;

    if (is_short(s))
        return print_numbers(s, err);

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
 * alone is lost then, and the memory has an end.  With a state nothing may be lost: a receipt is
 * printed before the place behind its records is kept. */
static enum status say_some(struct sender *s, struct error *err)
{
    say_doubts(s, false);
    if (!options_has(s->context->options, "follow") || is_short(s) ||
        (s->state == NULL && s->receipts.size + s->quarantined.size < FOLLOW_LINE_BYTES))
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

/* A body of a file: its place is kept before and behind it. */
static enum status send_part(struct sender *s, const struct feed *feed, struct slice body,
                             struct error *err)
{
    if (s->state != NULL && feed->is_array)
        return ERROR_SET(err, STATUS_INVALID, "--state is for files of lines, not for an array");
    place_begin(&s->place, body);
    enum status status = place_save(s->state, &s->place, err);
    if (status == STATUS_OK)
        status = send_body(s, body, err);
    if (status == STATUS_OK)
        status = say_some(s, err);
    if (status != STATUS_OK)
        return status;
    place_end(&s->place);
    return place_save(s->state, &s->place, err);
}

static enum status drain(struct sender *s, struct feed *feed, enum feed_part part,
                         struct error *err)
{
    struct slice body;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && feed_body(feed, part, &body)) {
        status = send_part(s, feed, body, err);
        feed_taken(feed);
        if (is_interrupted(s) && (status == STATUS_OK || is_temporary(status)))
            return stopped(s, err);
    }
    return status;
}

/* The end of following: what is whole is sent; the beginning of a record is not one. */
static enum status end_follow(struct sender *s, struct feed *feed, struct error *err)
{
    atomic_store(s->context->host->interrupted, false); /* it was about the waiting */
    s->is_ending = true;
    enum status status = drain(s, feed, FEED_WHOLE, err);

    if (status == STATUS_OK && slice_trim(buf_slice(&feed->body)).size > 0 && !feed->is_array)
        (void)fprintf(stderr, "daybook: the last line has no end yet and was not sent\n");
    return status;
}

/* A file on its way into bodies. */
struct intake {
    struct source source;
    struct feed feed;
    struct decompressor *decompressor; /* NULL until it is known what the file is */
    struct buf head;                   /* too little to tell */
    struct buf decoded;
};

static enum status decode(struct intake *intake, struct slice bytes, struct error *err)
{
    buf_clear(&intake->decoded);
    enum status status = decompressor_feed(intake->decompressor, bytes, &intake->decoded, err);

    return status == STATUS_OK ? feed_add(&intake->feed, buf_slice(&intake->decoded), err)
                               : status;
}

/* What the file is shows in its head. */
static enum status begin(struct sender *s, struct intake *intake, struct error *err)
{
    enum compression kind = compression_detect(buf_slice(&intake->head));

    if (s->state != NULL && kind != COMPRESSION_NONE)
        return ERROR_SET(err, STATUS_INVALID, "--state is for files that are not compressed");
    enum status status = decompressor_new(kind, &intake->decompressor, err);
    if (status == STATUS_OK)
        status = decode(intake, buf_slice(&intake->head), err);
    buf_clear(&intake->head);
    return status;
}

static enum status take(struct sender *s, struct intake *intake, struct slice bytes,
                        struct error *err)
{
    enum status status = STATUS_OK;

    s->encoded_done += bytes.size;
    if (intake->decompressor == NULL) {
        buf_add_slice(&intake->head, bytes);
        status = buf_check(&intake->head, err);
        if (status != STATUS_OK || compression_is_open(buf_slice(&intake->head)))
            return status;
        status = begin(s, intake, err);
    } else {
        status = decode(intake, bytes, err);
    }
    /* Who follows has caught up when less comes than there is room for. */
    bool waits = intake->source.is_followed && bytes.size < READ_BYTES;
    return status == STATUS_OK ? drain(s, &intake->feed, waits ? FEED_WHOLE : FEED_FULL, err)
                               : status;
}

/* All that the file had, its last record complete or not. */
static enum status finish(struct sender *s, struct intake *intake, struct error *err)
{
    enum status status = STATUS_OK;

    if (intake->decompressor == NULL && intake->head.size > 0)
        status = begin(s, intake, err);
    if (status == STATUS_OK && intake->decompressor != NULL)
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
    buf_clear(&intake->head);
    if (status == STATUS_OK && s->state != NULL)
        status = place_restart(&s->place, intake->source.fd, err);
    return status == STATUS_OK ? place_save(s->state, &s->place, err) : status;
}

/* Before it waits it sends what is whole: a last read that was a full one did not. */
static enum status wait_for_more(struct sender *s, struct intake *intake, struct error *err)
{
    enum status status =
        intake->source.is_followed ? drain(s, &intake->feed, FEED_WHOLE, err) : STATUS_OK;

    if (s->shown_records != s->said_records + s->records) /* it came too soon after the last */
        show_progress(s, false);
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

/* Behind what has its answer.  What was under way when the run before ended is sent again as it
 * was: with more or less bytes its key would stand for something else. */
static enum status go_on(struct sender *s, struct intake *intake, struct error *err)
{
    enum status status = STATUS_OK;
    struct buf body;

    if (lseek(intake->source.fd, (off_t)s->place.offset, SEEK_SET) < 0)
        return ERROR_SET(err, STATUS_IO, "cannot read '%s'", intake->source.path);
    intake->source.position = s->place.offset + s->place.length;
    if (intake->source.position > 0) { /* what follows is a line, whatever its first byte */
        feed_begin_lines(&intake->feed);
        status = decompressor_new(COMPRESSION_NONE, &intake->decompressor, err);
    }
    if (status != STATUS_OK || s->place.length == 0)
        return status;
    buf_init(&body, REQUEST_BODY_BYTES_MAX);
    if (!buf_reserve(&body, s->place.length))
        status = ERROR_MEMORY(err);
    else if (read(intake->source.fd, body.data, s->place.length) != (ssize_t)s->place.length)
        status = ERROR_SET(err, STATUS_IO, "cannot read '%s'", intake->source.path);
    body.size = status == STATUS_OK ? s->place.length : 0;
    if (status == STATUS_OK)
        status = send_part(s, &intake->feed, buf_slice(&body), err);
    buf_release(&body);
    return status;
}

/* To where the run before was: in this file, or in one that had its name then. */
static enum status find_place(struct sender *s, struct intake *intake, struct error *err)
{
    const char *path = intake->source.path;
    int fd = -1;

    if (s->place.inode > 0 && place_find(&s->place, path, &fd, err) != STATUS_OK)
        return err->status;
    if (fd < 0) {
        if (s->place.inode > 0)
            (void)fprintf(stderr, "daybook: what was sent up to byte %llu is not '%s' and not "
                                  "beside it; what was written behind it is not sent\n",
                          (unsigned long long)s->place.offset, path);
        enum status status = place_restart(&s->place, intake->source.fd, err);
        return status == STATUS_OK ? place_save(s->state, &s->place, err) : status;
    }
    source_close(&intake->source);
    intake->source.fd = fd;
    return go_on(s, intake, err);
}

static enum status send_file(struct sender *s, const char *path, struct error *err)
{
    struct intake intake = {0};
    enum status status =
        source_open(&intake.source, path, options_has(s->context->options, "follow"), err);

    if (status != STATUS_OK)
        return status;
    feed_init(&intake.feed);
    buf_init(&intake.head, 2 * READ_BYTES);
    buf_init(&intake.decoded, GIB);
    if (s->state != NULL)
        status = find_place(s, &intake, err);
    if (status == STATUS_OK)
        status = pump(s, &intake, err);
    if (status != STATUS_OK && status != STATUS_CANCELLED && status != STATUS_IO)
        (void)error_wrap(err, "%s", path);
    feed_release(&intake.feed);
    decompressor_free(intake.decompressor);
    buf_release(&intake.head);
    buf_release(&intake.decoded);
    source_close(&intake.source);
    return status;
}

static void add_sizes(struct sender *s)
{
    const struct options *o = s->context->options;
    struct stat st;

    for (uint32_t i = 0; i < o->word_count && !options_has(o, "follow"); i++) {
        if (strcmp(o->words[i], "-") == 0 || stat(o->words[i], &st) != 0 ||
            !S_ISREG(st.st_mode)) {
            s->bytes_total = 0; /* a share of what nobody knows is none */
            return;
        }
        s->bytes_total += (uint64_t)st.st_size;
    }
}

static const char *wrong_with(const struct options *o)
{
    if (o->word_count == 0)
        return "name a file, or '-' for standard input";
    if (options_has(o, "follow") && o->word_count > 1)
        return "--follow reads one file, it has no end";
    if (options_has(o, "state") && !options_has(o, "follow"))
        return "--state goes with --follow";
    if (options_has(o, "state") && strcmp(o->words[0], "-") == 0)
        return "--state wants the name of a file, standard input has no place";
    if (session_is_here(o) && !options_has(o, "tenant"))
        return "--tenant NAME is wanted";
    return NULL;
}

/* --state: where the run before was. */
static enum status open_state(struct sender *s, struct buf *target, struct error *err)
{
    const struct options *o = s->context->options;

    buf_add_text(target, options_get(o, "tenant", ""));
    buf_add_byte(target, '/');
    buf_add_text(target, options_get(o, "table", ""));
    if (!options_has(o, "state") || buf_check(target, err) != STATUS_OK)
        return options_has(o, "state") ? err->status : STATUS_OK;
    return place_open(options_get(o, "state", ""), buf_slice(target), &s->place, &s->state, err);
}

int cmd_ingest(const struct command_context *context)
{
    const struct options *o = context->options;
    struct sender s = {.context = context, .place = {.run = guid_new()}};
    struct buf target;
    struct error err;

    if (wrong_with(o) != NULL)
        return command_usage(context, "%s", wrong_with(o));
    buf_init(&target, MIB);
    buf_init(&s.quarantined, GIB);
    buf_init(&s.receipts, GIB);
    s.show_progress = !options_has(o, "quiet") && isatty(STDERR_FILENO);
    s.started_us = clock_monotonic_us(clock_system());
    add_sizes(&s);
    enum status status = output_format_from(o, &s.format, &err);
    if (status == STATUS_OK)
        status = open_state(&s, &target, &err);
    if (status == STATUS_OK)
        status = session_open(context, &s.session, &err);
    for (uint32_t i = 0; status == STATUS_OK && i < o->word_count; i++)
        status = send_file(&s, o->words[i], &err);
    /* Also nothing is for somebody who is there.  With a state it would take the next key. */
    if (status == STATUS_OK && s.place.request == 0 && s.state == NULL)
        status = send_body(&s, SLICE(""), &err);
    show_progress(&s, true);
    say_doubts(&s, true);
    int code = status == STATUS_OK ? CLI_OK : cli_fail(&err);
    /* Also after a failure: whoever has the receipts can prove what was stored before it. */
    bool says = s.records > 0 ||
                (status == STATUS_OK && (s.state == NULL || s.said_records == 0));
    if (says && print_answer(&s, &err) != STATUS_OK)
        code = cli_fail(&err);
    if (s.unsigned_count > 0)
        (void)fprintf(stderr, "daybook: %llu records are stored, but no receipt came for them; "
                      "'daybook doctor' says whether the keys are there\n",
                      (unsigned long long)s.unsigned_count);
    session_close(s.session);
    place_close(s.state);
    buf_release(&target);
    buf_release(&s.quarantined);
    buf_release(&s.receipts);
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "load/sender.h"

#include "base/text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (8u << 20)
#define PAUSE_FIRST_US 20000
#define PAUSE_MAX_US 1000000
#define TIMEOUT_S 60L
#define URL_BYTES 1024

struct connection {
    struct load *load;
    CURL *curl;
    char url[URL_BYTES];
    struct buf answer;
};

static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
    struct connection *connection = context;

    buf_add(&connection->answer, data, size * count);
    return connection->answer.failed ? 0 : size * count;
}

static void fail(struct load *load, const char *text, struct slice detail)
{
    (void)pthread_mutex_lock(&load->lock);
    if (!load->has_failed)
        (void)snprintf(load->failure, sizeof(load->failure), "%s: %.*s", text,
                       (int)(detail.size > 200 ? 200 : detail.size), detail.data);
    load->has_failed = true;
    (void)pthread_mutex_unlock(&load->lock);
}

static struct curl_slist *make_headers(const struct load *load, const struct batch *batch)
{
    char line[512];
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-ndjson");

    headers = curl_slist_append(headers, "Expect:");
    if (load->encoding != COMPRESSION_NONE)
        headers = curl_slist_append(headers, load->encoding == COMPRESSION_ZSTD
                                                 ? "Content-Encoding: zstd"
                                                 : "Content-Encoding: gzip");
    (void)snprintf(line, sizeof(line), "Authorization: Bearer %s", load->tokens[batch->tenant]);
    headers = curl_slist_append(headers, line);
    (void)snprintf(line, sizeof(line), "Idempotency-Key: %llx-%llu", (unsigned long long)load->run,
                   (unsigned long long)batch->number);
    return curl_slist_append(headers, line);
}

/* One try; the HTTP status, or 0 when there was none. */
static long post(struct connection *connection, struct slice body, struct curl_slist *headers)
{
    CURL *curl = connection->curl;
    long code = 0;

    buf_clear(&connection->answer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
    connection->load->requests++;
    if (curl_easy_perform(curl) != CURLE_OK)
        return 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* The number behind "name": in the answer, which is ours and flat there. */
static uint64_t number_of(struct slice answer, const char *name)
{
    char key[64];
    uint64_t value = 0;
    int size = snprintf(key, sizeof(key), "\"%s\":", name);
    size_t at = slice_find(answer, slice_from(key, (size_t)size), 0);

    if (at == SIZE_MAX)
        return 0;
    for (at += (size_t)size; at < answer.size; at++) {
        if (answer.data[at] < '0' || answer.data[at] > '9')
            break;
        value = value * 10 + (uint64_t)(answer.data[at] - '0');
    }
    return value;
}

static uint64_t count_of(struct slice answer, const char *text)
{
    uint64_t count = 0;

    for (size_t at = 0; (at = slice_find(answer, slice_of(text), at)) != SIZE_MAX; at++)
        count++;
    return count;
}

/* {"tenant","answer","sha256":[...]}, on disk before the next request goes out. */
static void write_ledger(struct load *load, const struct batch *batch, struct slice answer)
{
    while (answer.size > 0 && answer.data[answer.size - 1] == '\n')
        answer.size--;
    (void)fprintf(load->ledger, "{\"tenant\":\"%s\",\"answer\":%.*s,\"sha256\":[",
                  load->world->tenants[batch->tenant].id, SLICE_FMT(answer));
    for (size_t i = 0; i < batch->hashes.size; i++) {
        if (i % SHA256_BYTES == 0)
            (void)fputs(i == 0 ? "\"" : "\",\"", load->ledger);
        (void)fprintf(load->ledger, "%02x", (unsigned)(uint8_t)batch->hashes.data[i]);
    }
    (void)fprintf(load->ledger, "\"]}\n");
}

static void note_malicious(struct load *load, const struct batch *batch, int64_t now_us)
{
    for (uint32_t i = 0; i < ATTACK_MAILBOXES; i++) {
        if ((batch->first_of >> i & 1) == 0)
            continue;
        const struct user *user = &load->world->users[load->attack->victims[i]];
        (void)fprintf(load->malicious, "%s %s %lld\n", load->world->tenants[user->tenant].id,
                      user->upn, (long long)now_us);
    }
}

static void acknowledged(struct connection *connection, const struct batch *batch,
                         uint64_t started_us)
{
    struct load *load = connection->load;
    struct slice answer = buf_slice(&connection->answer);
    int64_t now_us = clock_unix_us(load->clock);

    load->records += batch->record_count;
    load->bytes += batch->size_bytes;
    load->duplicates += number_of(answer, "duplicates");
    load->quarantined += count_of(answer, "{\"index\":");
    (void)pthread_mutex_lock(&load->lock);
    if (load->latency_count < load->latency_max)
        load->latencies_us[load->latency_count++] =
            (uint32_t)(clock_monotonic_us(load->clock) - started_us);
    if (load->malicious != NULL && batch->first_of != 0)
        note_malicious(load, batch, now_us);
    if (load->ledger != NULL) {
        write_ledger(load, batch, answer);
        if (fflush(load->ledger) != 0 || fdatasync(fileno(load->ledger)) != 0) {
            (void)pthread_mutex_unlock(&load->lock);
            fail(load, "cannot write the ledger", SLICE(""));
            return;
        }
    }
    (void)pthread_mutex_unlock(&load->lock);
}

static bool is_worth_another_try(long code)
{
    return code == 0 || code == 408 || code == 429 || code >= 500;
}

/* Batches begin as far apart as the rate wants, however long the answers take. */
static void wait_turn(struct load *load, const struct batch *batch)
{
    uint64_t before = atomic_fetch_add(&load->started, batch->record_count);

    if (load->rate == 0)
        return;
    uint64_t due_us = load->begin_us + before * 1000000 / load->rate;
    for (uint64_t now_us; (now_us = clock_monotonic_us(load->clock)) < due_us;)
        (void)usleep((useconds_t)(due_us - now_us));
}

static void send_batch(struct connection *connection, const struct batch *batch)
{
    struct load *load = connection->load;
    struct slice body = batch_sent(batch);
    struct curl_slist *headers = make_headers(load, batch);
    uint64_t begin_us = clock_monotonic_us(load->clock), pause_us = PAUSE_FIRST_US;

    while (!load->has_failed) {
        uint64_t started_us = clock_monotonic_us(load->clock);
        long code = post(connection, body, headers);
        if (code >= 200 && code < 300) {
            load->sent_bytes += body.size;
            acknowledged(connection, batch, started_us);
            break;
        }
        if (!is_worth_another_try(code) ||
            started_us - begin_us > (uint64_t)load->give_up_us) {
            fail(load, code == 0 ? "no answer" : "refused", buf_slice(&connection->answer));
            break;
        }
        load->retries++;
        (void)usleep((useconds_t)pause_us);
        pause_us = pause_us * 2 < PAUSE_MAX_US ? pause_us * 2 : PAUSE_MAX_US;
    }
    curl_slist_free_all(headers);
}

void *sender_run(void *context)
{
    struct sender *sender = context;
    struct load *load = sender->load;
    struct connection connection = {.load = load, .curl = curl_easy_init()};
    struct error err = {0};
    struct batch *batch;

    buf_init(&connection.answer, ANSWER_BYTES_MAX);
    (void)snprintf(connection.url, sizeof(connection.url), "%s/v1/ingest", load->server);
    if (connection.curl == NULL)
        fail(load, "cannot start curl", SLICE(""));
    else {
        curl_easy_setopt(connection.curl, CURLOPT_URL, connection.url);
        curl_easy_setopt(connection.curl, CURLOPT_POST, 1L);
        curl_easy_setopt(connection.curl, CURLOPT_WRITEFUNCTION, take_answer);
        curl_easy_setopt(connection.curl, CURLOPT_WRITEDATA, &connection);
        curl_easy_setopt(connection.curl, CURLOPT_TIMEOUT, TIMEOUT_S);
        curl_easy_setopt(connection.curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(connection.curl, CURLOPT_TCP_NODELAY, 1L);
        if (load->ca_file != NULL)
            curl_easy_setopt(connection.curl, CURLOPT_CAINFO, load->ca_file);
    }
    while ((batch = queue_take(&load->queue)) != NULL) {
        if (!load->has_failed && batch_pack(batch, load->encoding, &err) != STATUS_OK)
            fail(load, "cannot compress", slice_of(err.text));
        if (!load->has_failed) {
            wait_turn(load, batch);
            send_batch(&connection, batch);
        }
        queue_done(&load->queue, batch->tenant);
        batch_free(batch);
    }
    curl_easy_cleanup(connection.curl);
    buf_release(&connection.answer);
    return NULL;
}

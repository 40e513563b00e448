/* SPDX-License-Identifier: Apache-2.0 */
/* The server: wires everything, drops its powers, answers until SIGTERM. */
#include "main/process.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/priority.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "codec/mmdb.h"
#include "crypt/keyring_remote.h"
#include "main/compose.h"
#include "main/powers.h"
#include "wire/server.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct running {
    const struct server_process *process;
    struct keyring *keyring;
    struct daybook *daybook;
    _Atomic(struct server *) server; /* its threads may ask for it before it has started */
    struct mmdb *places;
};

static void add_metrics(void *context, struct buf *ret)
{
    struct running *r = context;
    struct server *server = atomic_load(&r->server);
    struct server_stats s;

    if (server == NULL)
        return;
    server_stats(server, &s);
    const struct {
        const char *name, *help;
        uint64_t value;
    } metrics[] = {
        {"http_connections_total", "Connections accepted.", s.connections},
        {"http_requests_total", "Requests answered.", s.requests},
        {"http_rejected_total", "Connections refused.", s.rejected},
        {"http_bytes_in_total", "Body bytes received.", s.bytes_in},
        {"http_bytes_out_total", "Body bytes sent.", s.bytes_out},
        {"http_answers_2xx_total", "Answers 2xx.", s.answers_2xx},
        {"http_answers_4xx_total", "Answers 4xx.", s.answers_4xx},
        {"http_answers_5xx_total", "Answers 5xx.", s.answers_5xx},
        {"http_answers_429_total", "Of these: refused for overload.", s.answers_429},
        {"http_answers_507_total", "Of these: refused as the disk is full.", s.answers_507},
    };
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        buf_add_format(ret, "# HELP daybook_%s %s\n# TYPE daybook_%s counter\ndaybook_%s %llu\n",
                       metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].name,
                       (unsigned long long)metrics[i].value);
    buf_add_format(ret,
                   "# HELP daybook_certificate_expires_seconds When the certificate ends, since "
                   "1970.\n# TYPE daybook_certificate_expires_seconds gauge\n"
                   "daybook_certificate_expires_seconds %lld\n",
                   (long long)server_certificate_end(server));
}

static int64_t certificate_end(void *context)
{
    struct server *server = atomic_load(&((struct running *)context)->server);

    return server != NULL ? server_certificate_end(server) : 0;
}

static void log_certificate(struct running *r)
{
    int64_t end = server_certificate_end(r->server);
    int64_t left = end - clock_unix_us(clock_system()) / US_PER_SECOND;
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(time_from_unix_us(end * US_PER_SECOND), text);
    if (left <= 0)
        log_line(LOG_LEVEL_ERROR, "the certificate has ended at %.19sZ: renew it", text);
    else
        log_line(left < CERTIFICATE_WARNING_S ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                 "the certificate is valid until %.19sZ%s", text,
                 left < CERTIFICATE_WARNING_S ? ": renew it" : "");
}

static enum status read_file(const char *path, struct buf *ret, struct error *err)
{
    char chunk[4096];
    FILE *file = fopen(path, "rbe");

    if (file == NULL)
        return ERROR_SET(err, STATUS_IO, "cannot open '%s'", path);
    for (size_t got = fread(chunk, 1, sizeof(chunk), file); got > 0;
         got = fread(chunk, 1, sizeof(chunk), file))
        buf_add(ret, chunk, got);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    explicit_bzero(chunk, sizeof(chunk));
    return failed ? ERROR_SET(err, STATUS_IO, "cannot read '%s'", path) : buf_check(ret, err);
}

/* Certificate and key as they are in their files now. */
static enum status read_tls(const struct config *config, struct buf *certificate, struct buf *key,
                            struct error *err)
{
    buf_init(certificate, MIB);
    buf_init(key, MIB);
    enum status status = read_file(config->certificate, certificate, err);
    return status == STATUS_OK ? read_file(config->key, key, err) : status;
}

static void release_tls(struct buf *certificate, struct buf *key)
{
    if (key->data != NULL)
        explicit_bzero(key->data, key->size);
    buf_release(certificate);
    buf_release(key);
}

static enum status start_http(struct running *r, struct error *err)
{
    const struct config *config = r->process->config;
    struct server *server = NULL;
    struct buf certificate, key;
    enum status status = read_tls(config, &certificate, &key, err);

    if (status == STATUS_OK) {
        struct server_options options = {
            .listen = slice_of(config->listen),
            .certificate_pem = buf_slice(&certificate),
            .key_pem = buf_slice(&key),
            .router = daybook_router(r->daybook),
            .connections_max = config->connections_max,
            .proxies = &config->trusted_proxies,
            .stages = daybook_stages(r->daybook),
        };
        status = server_start(&options, &server, err);
        atomic_store(&r->server, server);
    }
    release_tls(&certificate, &key);
    return status;
}

static enum status start(struct running *r, struct error *err)
{
    const struct server_process *process = r->process;
    struct daybook_options options = {
        .dir = process->dir,
        .thread_count = process->config->threads,
        .cache_bytes = process->config->cache_mib * MIB,
        .memory_bytes = process->config->memory_bytes,
        .external = {slice_of(process->config->external_hosts),
                     process->config->external_private},
        .background = true,
        .transport_metrics = add_metrics,
        .certificate_end = certificate_end,
        .context = r,
    };

    /* Opened before the powers are dropped: the file may lie anywhere. */
    enum status status = STATUS_OK;
    if (process->config->geoip_database[0] != '\0')
        status = mmdb_open(process->config->geoip_database, &r->places, err);
    options.places = r->places;
    if (status == STATUS_OK)
        status = keyring_remote_new(process->keeper_sockets, KEEPER_SOCKETS,
                                            KEEPER_TIMEOUT_MS, &r->keyring, err);
    if (status == STATUS_OK)
        status = powers_drop(process->dir, process->config, err);
    if (status != STATUS_OK)
        return status;
    options.keyring = r->keyring;
    log_line(LOG_LEVEL_INFO, "cache_mib is %u, of %" PRIu64 " MiB of memory",
             process->config->cache_mib, options.memory_bytes / MIB);
    status = daybook_open(&options, &r->daybook, err);
    return status == STATUS_OK ? start_http(r, err) : status;
}

static void say_ready(const struct running *r)
{
    const char *listen = r->process->config->listen;
    const char *colon = strrchr(listen, ':');
    uint16_t port = server_port(r->server);
    size_t host_bytes = colon == NULL ? strlen(listen) : (size_t)(colon - listen);
    struct slice host = slice_from(listen, host_bytes);

    if (slice_is(host, "0.0.0.0") || slice_is(host, "[::]") || host.size == 0)
        host = SLICE("localhost");
    (void)printf("{\"ready\":true,\"url\":\"https://%.*s:%u\"}\n", SLICE_FMT(host), port);
    (void)fflush(stdout);
    (void)dprintf(r->process->port_pipe, "%u", port);
    (void)close(r->process->port_pipe);
}

static void add_setting(struct buf *text, const char *name, const char *value)
{
    buf_add_format(text, ",\"%s\":", name);
    text_add_json_string(text, slice_of(value));
}

/* With the settings that decide what the server reaches and who reaches it. */
static void record_start(struct running *r)
{
    const struct config *config = r->process->config;
    struct buf text;

    buf_init(&text, 64 * KIB);
    buf_add_text(&text, "{\"version\":\"" DAYBOOK_VERSION "\"");
    add_setting(&text, "listen", config->listen);
    add_setting(&text, "certificate", config->certificate);
    add_setting(&text, "external_data_hosts", config->external_hosts);
    buf_add_format(&text, ",\"external_data_private\":%s",
                   config->external_private ? "true" : "false");
    add_setting(&text, "geoip_database", config->geoip_database);
    buf_add_format(&text, ",\"connections_max\":%u,\"threads\":%u,\"cache_mib\":%u}",
                   config->connections_max, config->threads, config->cache_mib);
    daybook_record(r->daybook, "ServerStart", buf_slice(&text));
    buf_release(&text);
}

static void reload(struct running *r)
{
    struct buf certificate, key;
    struct error err;
    enum status status = read_tls(r->process->config, &certificate, &key, &err);

    if (status == STATUS_OK)
        status = server_reload(r->server, buf_slice(&certificate), buf_slice(&key), &err);
    if (status == STATUS_OK) {
        log_line(LOG_LEVEL_INFO, "the certificate was loaded again");
        daybook_record(r->daybook, "CertificateLoad", slice_of(r->process->config->certificate));
        log_certificate(r);
    } else {
        log_failure("the old certificate stays", &err);
    }
    release_tls(&certificate, &key);
}

/* Gives the one that ends it. */
static int wait_for_signals(struct running *r, const sigset_t *signals)
{
    for (;;) {
        int number = 0;
        if (sigwait(signals, &number) != 0)
            continue;
        if (number == SIGHUP)
            reload(r);
        else
            return number;
    }
}

int process_server(const struct server_process *process)
{
    struct running r = {.process = process};
    struct error err;
    sigset_t signals;
    int code = CLI_OK;

    log_set_level((enum log_level)process->config->log_level);
    priority_prompt(); /* what takes long stands back: streams, merges */
    machine_set_heap();
    (void)signal(SIGPIPE, SIG_IGN);
    /* Threads started later inherit the mask: only sigwait() sees these. */
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);

    log_line(LOG_LEVEL_INFO, "Daybook %s starts on '%s'", DAYBOOK_VERSION, process->dir->path);
    if (start(&r, &err) == STATUS_OK) {
        record_start(&r);
        log_certificate(&r);
        say_ready(&r);
        int number = wait_for_signals(&r, &signals);
        log_line(LOG_LEVEL_INFO, "%s: stopping, after what is under way",
                 number == SIGINT ? "SIGINT" : "SIGTERM");
        daybook_set_draining(r.daybook);
        server_drain(r.server, DRAIN_TIMEOUT_MS);
        daybook_record(r.daybook, "ServerStop", SLICE(""));
    } else {
        code = cli_fail(&err);
    }
    server_free(r.server);
    daybook_close(r.daybook, code == CLI_OK);
    keyring_free(r.keyring);
    mmdb_close(r.places);
    if (code == CLI_OK)
        log_line(LOG_LEVEL_INFO, "stopped");
    return code;
}

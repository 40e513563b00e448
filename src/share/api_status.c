/* SPDX-License-Identifier: Apache-2.0 */
/* Health, metrics, status and compaction. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/stage.h"
#include "base/text.h"
#include "base/time.h"
#include "share/damaged.h"

#include <stdarg.h>
#include <stdio.h>

enum status share_live(void *context, const struct http_request *request,
                       struct http_response *response, struct error *err)
{
    (void)context;
    (void)request;
    (void)err;
    response->content_type = "text/plain; charset=utf-8";
    buf_add_text(&response->body, "ok\n");
    return STATUS_OK;
}

enum status share_ready(void *context, const struct http_request *request,
                        struct http_response *response, struct error *err)
{
    struct share *share = context;

    if (share->services.draining != NULL && share->services.draining(share->services.context))
        return ERROR_SET(err, STATUS_BUSY, "the server is stopping");
    enum status status = ingest_ready(share->services.ingest, err);
    return status == STATUS_OK ? share_live(context, request, response, err) : status;
}

struct metric {
    const char *name, *kind, *help;
    double value;
};

static void add_metrics(struct buf *out, const struct metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_format(out, "# HELP daybook_%s %s\n# TYPE daybook_%s %s\ndaybook_%s %.17g\n",
                       metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].kind,
                       metrics[i].name, metrics[i].value);
}

static void add_ingest_metrics(struct share *share, struct buf *out)
{
    struct ingest_stats s;

    ingest_stats(share->services.ingest, &s);
    const struct metric metrics[] = {
        {"acked_records_total", "counter", "Records answered with 2xx.", (double)s.acked_records},
        {"acked_requests_total", "counter", "Ingest requests answered.", (double)s.acked_requests},
        {"acked_bytes_total", "counter", "Raw bytes of acked records.", (double)s.acked_bytes},
        {"duplicates_total", "counter", "Records not stored again.", (double)s.duplicates},
        {"conflicting_total", "counter", "Same Id, other bytes.", (double)s.conflicting},
        {"quarantined_total", "counter", "Records kept in quarantine.", (double)s.quarantined},
        {"foreign_total", "counter", "Records of another organisation.", (double)s.foreign},
        {"replayed_keys_total", "counter", "Idempotency keys seen again.",
         (double)s.replayed_keys},
        {"wal_syncs_total", "counter", "Syncs of the write-ahead log.", (double)s.fsyncs},
        {"wal_sync_seconds_total", "counter", "Time in those syncs.",
         (double)s.fsync_us_total / 1e6},
        {"wal_sync_seconds_max", "gauge", "The slowest sync.", (double)s.fsync_us_max / 1e6},
        {"wal_bytes", "gauge", "Size of the write-ahead log.", (double)s.wal_bytes},
        {"ingest_queue_depth", "gauge", "Frames waiting for a commit.", (double)s.queue_depth},
        {"shed_total", "counter", "Ingest requests refused for overload.",
         (double)s.shed},
        {"replayed_records", "gauge", "Records replayed at start.", (double)s.replayed_records},
        {"damaged_logs", "gauge", "Files of the log found damaged at start.",
         (double)s.damaged_logs},
        {"torn_bytes", "gauge", "Bytes cut off the end of the log at start.",
         (double)s.torn_bytes},
        {"lost_ranges", "gauge", "Ranges of records lost to damage.",
         (double)s.lost_ranges},
        {"accepted_ranges", "gauge", "Of the lost ranges: somebody accepted them.",
         (double)s.accepted_ranges},
        {"lost_runs", "gauge", "Damaged files of what was received lately.", (double)s.lost_runs},
        {"unreadable_runs", "gauge", "Files of what was received lately that cannot be read.",
         (double)s.unreadable_runs},
        {"forgotten_runs", "gauge", "Files of what was received lately, dropped early.",
         (double)s.forgotten_runs},
    };
    add_metrics(out, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

static void add_store_metrics(struct share *share, struct buf *out)
{
    struct store_stats s;

    store_stats(share->services.store, &s);
    const struct metric metrics[] = {
        {"rows_memory", "gauge", "Rows in memory.", (double)s.rows_memory},
        {"rows_sealed", "gauge", "Rows in segments.", (double)s.rows_sealed},
        {"memory_bytes", "gauge", "Bytes of rows in memory.", (double)s.bytes_memory},
        {"sealed_bytes", "gauge", "Bytes of segments.", (double)s.bytes_sealed},
        {"segments", "gauge", "Segment files.", (double)s.segments},
        {"sections", "gauge", "Live sections.", (double)s.sections},
        {"flushes_total", "counter", "Flushes.", (double)s.flushes},
        {"merges_total", "counter", "Merges.", (double)s.merges},
        {"corrupt_sections", "gauge", "Sections set aside.", (double)s.corrupt_sections},
        {"unreadable_sections", "gauge", "Sections that the disk did not give.",
         (double)s.unreadable_sections},
        {"unchecked_sections_total", "counter",
         "Sections whose evidence could not be read when they were flushed or merged.",
         (double)s.unchecked_sections},
        {"cache_bytes", "gauge", "Block cache.", (double)s.cache_bytes},
        {"cache_hits_total", "counter", "Block cache hits.", (double)s.cache_hits},
        {"cache_misses_total", "counter", "Block cache misses.", (double)s.cache_misses},
        {"fallback_records", "gauge", "Records kept as raw bytes.", (double)s.fallback_records},
    };
    add_metrics(out, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

static bool free_bytes(const struct share *share, uint64_t *ret)
{
    struct error ignored;

    return share->services.io != NULL &&
           io_free_bytes(share->services.io, ret, &ignored) == STATUS_OK;
}

static void add_process_metrics(const struct share *share, struct buf *out)
{
    struct metric metrics[] = {
        {"start_time_seconds", "gauge", "When the server started, since 1970.",
         (double)share->started_us / 1e6},
        {"disk_free_bytes", "gauge", "Free space of the data directory's disk.", 0},
    };
    uint64_t bytes = 0;
    bool is_known = free_bytes(share, &bytes);

    metrics[1].value = (double)bytes;
    add_metrics(out, metrics, is_known ? 2 : 1);
}

static void add_file_metrics(struct share *share, struct buf *out)
{
    struct buf names;

    buf_init(&names, MIB);
    const struct metric metric = {"damaged_files", "gauge", "Damaged files that were set aside.",
                                  damaged_files(share->services.io, &names)};
    buf_release(&names);
    add_metrics(out, &metric, 1);
}

static void add_detect_metrics(struct share *share, struct buf *out)
{
    struct detect_stats d;
    struct webhook_stats w;

    detect_stats(share->services.detect, &d);
    webhook_stats(share->services.webhook, &w);
    const struct metric metrics[] = {
        {"rule_events_total", "counter", "Records the rules saw.", (double)d.events},
        {"first_seen_pairs_total", "counter", "New (mailbox, application) pairs.",
         (double)d.pairs},
        {"alerts_total", "counter", "Alerts raised.", (double)d.alerts},
        {"alerts_suppressed_total", "counter", "Alerts over the hourly limit.",
         (double)d.suppressed},
        {"rule_lacking_tenants", "gauge", "Tenants of which the rules do not know all they saw.",
         (double)d.lacking_tenants},
        {"hits_queue_depth", "gauge", "Hits waiting to be written.", (double)d.queue_depth},
        {"hits_failed_total", "counter", "Writes of hits that failed and are tried again.",
         (double)d.failed_writes},
        {"rule_missed_records_total", "counter", "Records the rules did not look at.",
         (double)d.missed},
        {"webhook_delivered_total", "counter", "Alerts delivered.", (double)w.delivered},
        {"webhook_failed_total", "counter", "Alerts not delivered.",
         (double)(w.failed + w.dropped)},
        {"webhook_queue_depth", "gauge", "Alerts waiting for delivery.", (double)w.queue_depth},
    };
    add_metrics(out, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

static void add_stage_metrics(const struct stage_times *stages, struct buf *out)
{
    static const struct metric m = {"ingest_cpu_seconds_total", "counter",
                                    "Processor time of the stages of ingest.", 0};

    buf_add_format(out, "# HELP daybook_%s %s\n# TYPE daybook_%s %s\n", m.name, m.help, m.name,
                   m.kind);
    for (unsigned i = 0; i < STAGE_COUNT_; i++)
        buf_add_format(out, "daybook_%s{stage=\"%s\"} %.6f\n", m.name,
                       stage_name((enum stage)i), stage_seconds(stages, (enum stage)i));
}

static void add_denied_metrics(struct share *share, struct buf *out)
{
    static const struct metric m = {"denied_total", "counter",
                                    "Requests refused for who made them.", 0};
    uint64_t counts[DENIED_COUNT_];

    denied_counts(&share->denied, counts);
    buf_add_format(out, "# HELP daybook_%s %s\n# TYPE daybook_%s %s\n", m.name, m.help, m.name,
                   m.kind);
    for (unsigned i = 0; i < DENIED_COUNT_; i++)
        buf_add_format(out, "daybook_%s{reason=\"%s\"} %llu\n", m.name,
                       denied_reason_name((enum denied_reason)i), (unsigned long long)counts[i]);
}

enum status share_metrics(void *context, const struct http_request *request,
                          struct http_response *response, struct error *err)
{
    struct share *share = context;

    /* Counts over all tenants are for the instance. */
    if (!guid_is_zero(&request->principal->tenant))
        return ERROR_SET(err, STATUS_DENIED, "metrics are for tokens of the instance");
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    add_ingest_metrics(share, &response->body);
    add_process_metrics(share, &response->body);
    add_store_metrics(share, &response->body);
    add_file_metrics(share, &response->body);
    add_detect_metrics(share, &response->body);
    add_denied_metrics(share, &response->body);
    if (share->services.stages != NULL)
        add_stage_metrics(share->services.stages, &response->body);
    if (share->services.transport_metrics != NULL)
        share->services.transport_metrics(share->services.context, &response->body);
    return buf_check(&response->body, err);
}

/* ---- /v1/status: what `daybook doctor` shows ---- */

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_BAD };

struct checks {
    struct buf *out;
    bool any;
    enum verdict worst;
};

static void add_check(struct checks *checks, const char *name, enum verdict verdict,
                      const char *format, ...) PRINTF_LIKE(4, 5);

static void add_check(struct checks *checks, const char *name, enum verdict verdict,
                      const char *format, ...)
{
    static const char *const names[] = {"ok", "warning", "bad"};
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_add_format(checks->out, "%s{\"check\":\"%s\",\"verdict\":\"%s\",\"text\":",
                   checks->any ? "," : "", name, names[verdict]);
    text_add_json_string(checks->out, slice_of(text));
    buf_add_byte(checks->out, '}');
    checks->any = true;
    if (verdict > checks->worst)
        checks->worst = verdict;
}

/* The losses that nobody accepted, and the last of the others. */
struct open_losses {
    const struct ingest_lost *last; /* in no section, of which check_store() tells; NULL: none */
    uint64_t count;                 /* of these */
    uint64_t sections;              /* of which records are lost */
    bool any;                       /* of either kind */
    bool is_known;                  /* false: there may be others */
    int64_t accepted_us;            /* when the last was; 0: none was */
};

static struct open_losses find_open(struct share *share, struct arena *arena)
{
    struct open_losses open = {0};
    struct lost_records *lost = NULL;
    struct error ignored;
    uint32_t count = 0;

    open.is_known = share_lost(share, arena, &lost, &count, &ignored) == STATUS_OK;
    for (uint32_t i = 0; i < count && open.is_known; i++) {
        if (lost[i].lost.accepted_us > open.accepted_us)
            open.accepted_us = lost[i].lost.accepted_us;
        if (lost[i].lost.accepted_us != 0)
            continue;
        open.any = true;
        if (lost[i].in_section) {
            open.sections++;
            continue;
        }
        open.last = &lost[i].lost;
        open.count++;
    }
    return open;
}

/* `open` was found after `s`, so it has all that `s` counts.  A section whose loss was accepted is
 * told with the losses. */
static void check_store(const struct store_stats *s, const struct open_losses *open,
                        struct checks *checks)
{
    bool is_crowded = store_is_crowded(s);

    if (s->corrupt_sections > 0 && (open->sections > 0 || !open->is_known))
        add_check(checks, "store", VERDICT_BAD,
                  "%llu stored sections cannot be read; restore them from a backup; 'daybook loss "
                  "list' names their records",
                  (unsigned long long)s->corrupt_sections);
    else if (s->unreadable_sections > 0)
        add_check(checks, "store", VERDICT_BAD,
                  "the disk did not give %llu stored sections since the start, also when asked "
                  "again; look at it (dmesg)",
                  (unsigned long long)s->unreadable_sections);
    else if (s->unchecked_sections > 0)
        add_check(checks, "store", VERDICT_BAD,
                  "the evidence of sections could not be read %llu times since the start, when "
                  "they were flushed or merged; the log of the server names the tenants: look at "
                  "the disk (dmesg), then 'daybook verify'",
                  (unsigned long long)s->unchecked_sections);
    else
        add_check(checks, "store", is_crowded ? VERDICT_WARNING : VERDICT_OK,
                  "%llu records in %llu segments (%.1f MiB), %llu in memory%s",
                  (unsigned long long)(s->rows_sealed + s->rows_memory),
                  (unsigned long long)s->segments, (double)s->bytes_sealed / (double)MIB,
                  (unsigned long long)s->rows_memory,
                  is_crowded ? "; more than half of the sections that there may be: are there very "
                               "many tables? 'daybook compact' joins what can be joined"
                             : "");
}

static void check_disk(struct share *share, struct checks *checks)
{
    uint64_t bytes = 0;

    if (!free_bytes(share, &bytes))
        add_check(checks, "disk", VERDICT_WARNING, "the free space is not known");
    else if (bytes < INGEST_RESERVE_BYTES)
        add_check(checks, "disk", VERDICT_BAD,
                  "%.1f MiB free: records are refused with 507 until %u MiB are; make room",
                  (double)bytes / (double)MIB, (unsigned)(INGEST_RESERVE_BYTES / MIB));
    else
        add_check(checks, "disk", bytes < GIB ? VERDICT_BAD : VERDICT_OK, "%.1f GiB free%s",
                  (double)bytes / (double)GIB,
                  bytes < GIB ? "; below 1 GiB records will soon be refused" : "");
}

static void check_log(struct share *share, struct checks *checks)
{
    struct ingest_stats s;

    ingest_stats(share->services.ingest, &s);
    bool is_long = s.wal_bytes > WAL_BYTES_MAX / 2, is_slow = s.fsync_us_last >= WAL_SYNC_SLOW_US;
    add_check(checks, "log", is_long || is_slow ? VERDICT_WARNING : VERDICT_OK,
              "write-ahead log of %.1f MiB, slowest sync %.1f ms, last %.1f ms%s%s",
              (double)s.wal_bytes / (double)MIB, (double)s.fsync_us_max / 1000.0,
              (double)s.fsync_us_last / 1000.0,
              is_slow ? ": the disk is slow, and whoever sends waits for it" : "",
              is_long ? "; checkpoints do not keep up, see the log of the server" : "");
}

/* The log was damaged: the last of what is lost and nobody accepted, and where its bytes
 * are. */
static void add_lost(struct checks *checks, const struct ingest_lost *last, uint64_t count,
                     uint32_t file_count, struct slice files)
{
    char tenant[GUID_TEXT_BYTES + 1];

    guid_format(&last->tenant, tenant);
    add_check(checks, "files", VERDICT_BAD,
              "%llu ranges of acknowledged records were lost to damage, last %llu to "
              "%llu of tenant %s%s; send them again, then 'daybook loss accept'; %u files are "
              "set aside: %.*s",
              (unsigned long long)count, (unsigned long long)last->first_seq,
              (unsigned long long)last->last_seq, tenant, last->is_bound ? " at most" : "",
              file_count, SLICE_FMT(files));
}

static void check_files(struct share *share, const struct open_losses *open,
                        struct checks *checks)
{
    char accepted[TIME_TEXT_BYTES + 1];
    struct ingest_stats s;
    struct buf names;

    buf_init(&names, MIB);
    ingest_stats(share->services.ingest, &s);
    uint32_t count = damaged_files(share->services.io, &names);
    if (open->last != NULL)
        add_lost(checks, open->last, open->count, count, slice_head(buf_slice(&names), 200));
    else if (s.lost_runs > 0)
        add_check(checks, "files", VERDICT_BAD,
                  "%llu files of what was received in the last days were damaged: records that "
                  "are sent again may be stored twice",
                  (unsigned long long)s.lost_runs);
    else if (s.unreadable_runs > 0)
        add_check(checks, "files", VERDICT_BAD,
                  "the disk did not give %llu files of what was received in the last days: records "
                  "that are sent again may be stored twice; look at it (dmesg), then restart",
                  (unsigned long long)s.unreadable_runs);
    else if (count > 0)
        add_check(checks, "files", VERDICT_WARNING,
                  "%u files were damaged and set aside; look at the disk, then remove %.*s%s",
                  count, SLICE_FMT(slice_head(buf_slice(&names), 300)),
                  slice_find(buf_slice(&names), SLICE("keys/"), 0) == SIZE_MAX
                      ? ""
                      : "; keep those of keys/ until nothing lacks, as they may have the only "
                        "keys of a tenant");
    else
        add_check(checks, "files", VERDICT_OK, "no file is set aside as damaged");
    time_format_iso(time_from_unix_us(open->accepted_us), accepted);
    if (s.accepted_ranges > 0)
        add_check(checks, "losses", VERDICT_OK,
                  "%llu ranges of records are lost, which was accepted, last on %s; 'daybook "
                  "loss list' names them",
                  (unsigned long long)s.accepted_ranges, accepted);
    buf_release(&names);
}

/* What the rules remember is in the store, and where records lack they may raise an alert about
 * what they saw before, or none while they learn it again. */
static void check_rules(struct share *share, const struct open_losses *open,
                        struct checks *checks)
{
    struct detect_stats d;
    struct webhook_stats w;
    char lack[160] = "", missed[96] = "";

    detect_stats(share->services.detect, &d);
    webhook_stats(share->services.webhook, &w);
    if (d.lacking_tenants > 0 || d.alerts_lack)
        (void)snprintf(lack, sizeof(lack),
                       "; records lack, so they do not know all that they saw of %llu tenants%s",
                       (unsigned long long)d.lacking_tenants,
                       d.alerts_lack ? ", nor all earlier alerts" : "");
    if (d.missed > 0)
        (void)snprintf(missed, sizeof(missed), "; %llu records were not looked at",
                       (unsigned long long)d.missed);
    add_check(checks, "rules",
              d.missed > 0 || d.is_failing   ? VERDICT_BAD
              : lack[0] != '\0' && open->any ? VERDICT_WARNING
                                             : VERDICT_OK,
              "%llu records seen, %llu alerts, %llu hits wait to be written%s%s%s",
              (unsigned long long)d.events, (unsigned long long)d.alerts,
              (unsigned long long)d.queue_depth,
              d.is_failing ? ", which does not work now and is tried again" : "", missed, lack);
    add_check(checks, "webhook", w.failed + w.dropped > 0 ? VERDICT_WARNING : VERDICT_OK,
              "%llu alerts delivered, %llu wait, %llu not (they are in SecurityAlert all the "
              "same)%s%s",
              (unsigned long long)w.delivered, (unsigned long long)w.queue_depth,
              (unsigned long long)(w.failed + w.dropped),
              w.failure[0] != '\0' ? ", last: " : "", w.failure);
}

static void check_certificate(struct share *share, struct checks *checks)
{
    int64_t end = share->services.certificate_end != NULL
                      ? share->services.certificate_end(share->services.context)
                      : 0;
    int64_t left = end - clock_unix_us(share->services.clock) / US_PER_SECOND;
    char text[TIME_TEXT_BYTES + 1];

    if (end == 0)
        return; /* a command on a data directory has no server */
    time_format_iso(time_from_unix_us(end * US_PER_SECOND), text);
    if (left <= 0)
        add_check(checks, "certificate", VERDICT_BAD,
                  "the server's certificate has ended at %.19sZ: renew it; no client connects",
                  text);
    else if (left < CERTIFICATE_WARNING_S)
        add_check(checks, "certificate", VERDICT_WARNING,
                  "the server's certificate ends at %.19sZ: renew it", text);
    else
        add_check(checks, "certificate", VERDICT_OK,
                  "the server's certificate is valid until %.19sZ", text);
}

enum status share_status(void *context, const struct http_request *request,
                         struct http_response *response, struct error *err)
{
    static const char *const names[] = {"ok", "warning", "bad"};
    struct share *share = context;
    struct checks checks = {.out = &response->body};
    struct open_losses open;
    struct store_stats store;

    if (!guid_is_zero(&request->principal->tenant))
        return ERROR_SET(err, STATUS_DENIED, "the status is for tokens of the instance");
    buf_add_format(&response->body, "{\"version\":\"%s\",\"checks\":[", DAYBOOK_VERSION);
    store_stats(share->services.store, &store);
    open = find_open(share, request->arena);
    check_store(&store, &open, &checks);
    check_files(share, &open, &checks);
    check_disk(share, &checks);
    check_log(share, &checks);
    check_rules(share, &open, &checks);
    check_certificate(share, &checks);
    add_check(&checks, "keys", share->services.kek_beside_data ? VERDICT_WARNING : VERDICT_OK,
              share->services.kek_beside_data
                  ? "the key-encryption key lies beside the data: whoever copies the directory "
                    "can read it"
                  : "the key-encryption key lies apart from the data");
    buf_add_format(&response->body, "],\"verdict\":\"%s\"}\n", names[checks.worst]);
    return buf_check(&response->body, err);
}

static void progress(void *context, uint64_t done, uint64_t total)
{
    struct http_response *response = context;
    struct error ignored;

    buf_add_format(&response->body, "%llu of %llu\n", (unsigned long long)done,
                   (unsigned long long)total);
    if (response->flush != NULL && response->flush(response, &ignored) != STATUS_OK)
        buf_clear(&response->body);
}

enum status share_compact(void *context, const struct http_request *request,
                          struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct body body;
    enum status status;

    if (!guid_is_zero(&request->principal->tenant))
        return ERROR_SET(err, STATUS_DENIED, "compacting is for tokens of the instance");
    if (slice_trim(request->body).size > 0) { /* it is of all there is: nothing can be said */
        status = share_body(request, "", &body, err);
        if (status != STATUS_OK)
            return status;
        share_body_release(&body);
    }
    status = share_record(share, request, "Compact", request->body,
                          &request->principal->tenant, err);
    if (status != STATUS_OK)
        return status;
    response->content_type = "text/plain; charset=utf-8";
    if (share->services.checkpoint != NULL)
        status = share->services.checkpoint(share->services.context, err);
    if (status == STATUS_OK)
        status = store_compact(share->services.store, progress, response, request->cancelled, err);
    if (status == STATUS_OK)
        buf_add_text(&response->body, "done\n");
    else if (response->started) /* too late for another status: the answer is cut off behind it */
        buf_add_format(&response->body, COMPACT_FAILED "%s\n", err->text);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* scope_run(): alerts -> indicators -> accesses -> bounds, by KQL queries on
 * the caller's tables.  Values do not stand in the texts of the queries, which
 * they could leave and would make too long: the queries read them as external
 * data (read_set()). */
#include "respond/scope.h"

#include "base/fold.h"
#include "base/guid.h"
#include "base/ip.h"
#include "base/limits.h"
#include "base/text.h"
#include "respond/access.h"
#include "table/dynamic.h"

#include <stdio.h>
#include <stdlib.h>

#define GROW_ROUNDS_MAX 8
#define MAILBOXES_NAMED_MAX 10000u /* more are in most of what is stored, and need no filter */

static const char *const kind_names[INDICATOR_KIND_COUNT_] = {"alert", "app-id", "ip", "session",
                                                              "user"};

/* An address in one writing, as add_address() has it: 192.0.2.1:443 and [2001:db8::1]:443 as
 * well as the bare ones.  The same as ip_parse(). */
#define BARE                                                                                       \
    "let Bare = (a: string) { let b = iff(a startswith \"[\","                                    \
    " substring(tostring(split(a, \"]\")[0]), 1),"                                                \
    " iff(countof(a, \":\") == 1, tostring(split(a, \":\")[0]), a));"                             \
    " let six = parse_ipv6(b); iff(isempty(six), b, six) };\n"

/* Mail accesses of both tables in one shape; a time filter goes into %s.  Sentinel's table has
 * no column for the mailbox's session, so it is where the sender left it, and its exports have
 * objects as texts. */
static const char mail_text[] = BARE
    "let Mail = union (AuditRecords | where Operation == \"MailItemsAccessed\"%s"
    " | project TenantId, Time = TimeGenerated,"
    " Mailbox = iff(isempty(MailboxOwnerUPN), MailboxGuid, MailboxOwnerUPN),"
    " App = iff(isempty(ClientAppId), AppId, ClientAppId),"
    " Address = iff(isempty(ClientIPAddress), ClientIP, ClientIPAddress),"
    " Session = SessionId, SignIn = tostring(AppAccessContext.AADSessionId), User = UserId,"
    " Properties = OperationProperties, Folders, Item, OperationCount),"
    " (OfficeActivity | where Operation == \"MailItemsAccessed\"%s"
    " | project TenantId, Time = TimeGenerated,"
    " Mailbox = iff(isempty(MailboxOwnerUPN), MailboxGuid, MailboxOwnerUPN),"
    " App = iff(isempty(ClientAppId), AppId, ClientAppId),"
    " Address = iff(isempty(Client_IPAddress), ClientIP, Client_IPAddress),"
    " Session = tostring(AdditionalFields.SessionId),"
    " SignIn = tostring(todynamic(tostring(AppAccessContext)).AADSessionId), User = UserId,"
    " Properties = OperationProperties,"
    " Folders = todynamic(Folders), Item = todynamic(Item),"
    " OperationCount = tolong(AdditionalFields.OperationCount));\n";

/* Who used which address, for anything. */
static const char used_text[] = BARE
    "union (AuditRecords | project A = iff(isempty(ClientIPAddress), ClientIP, ClientIPAddress),"
    " P = iff(isempty(ClientAppId), AppId, ClientAppId)),"
    " (OfficeActivity | project A = iff(isempty(Client_IPAddress), ClientIP, Client_IPAddress),"
    " P = iff(isempty(ClientAppId), AppId, ClientAppId))";

/* The values of a set of the scope as a list for `in~`: as they are, and as Bare() writes them. */
#define SET(name, column)                                                                          \
    " ((externaldata(Text: string, Ip: string)[\"" name "\"] with (format=json)"                   \
    " | project " column "))"
#define TEXTS(name) SET(name, "Text")
#define ADDRESSES(name) SET(name, "Ip")

struct scope {
    const struct scope_request *request;
    struct query_env env; /* the caller's tables alone: their names mean nothing else */
    struct map sets[INDICATOR_KIND_COUNT_]; /* queries know them by kind_names */
    struct map found; /* "found": what a query is about besides */
    struct scope_accesses accesses;
    struct arena *arena;
    struct scan_stats lack; /* `complete`, and the first reason why it is not */
};

bool indicator_kind_from_name(struct slice name, enum indicator_kind *ret)
{
    for (int i = 0; i < INDICATOR_KIND_COUNT_; i++) {
        if (slice_is(name, kind_names[i])) {
            *ret = (enum indicator_kind)i;
            return true;
        }
    }
    return false;
}

/* ---- queries ---- */

struct rows {
    struct query_sink sink; /* first */
    struct scope *scope;
    enum status (*row)(struct scope *scope, const struct batch *batch, uint32_t row,
                       struct map *out, struct error *err);
    struct map *out;
};

static enum status take_rows(struct query_sink *sink, const struct batch *batch,
                             struct error *err)
{
    struct rows *rows = (struct rows *)sink;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < batch->row_count; i++)
        status = rows->row(rows->scope, batch, i, rows->out, err);
    return status;
}

static struct slice bytes_at(const struct batch *batch, uint32_t column, uint32_t row)
{
    return vector_value(&batch->columns[column], row).bytes;
}

static enum status ask(struct scope *scope, struct buf *text,
                       enum status (*row)(struct scope *scope, const struct batch *batch,
                                          uint32_t row, struct map *out, struct error *err),
                       struct map *out, struct error *err)
{
    const struct scope_request *r = scope->request;
    struct rows rows = {{.rows = take_rows}, scope, row, out};
    struct query_stats stats = {0};
    struct query_request request = {
        .text = buf_slice(text),
        .env = &scope->env,
        .tenants = r->tenants,
        .tenant_count = r->tenant_count,
        .now = r->now,
        .rows_max = UINT64_MAX,
        .thread_count = r->thread_count,
        .cancelled = r->cancelled,
    };
    enum status status = buf_check(text, err);

    if (status == STATUS_OK)
        status = query_run(&request, &rows.sink, &stats, err);
    if (scope->lack.complete && !stats.scan.complete)
        scope->lack = stats.scan;
    return status;
}

/* As parse_ipv6() writes it; what is no address as it is. */
static void add_address(struct buf *text, struct slice address)
{
    uint8_t ip[IP_BYTES];

    if (!ip_parse(address, ip)) {
        text_add_json_string(text, address);
        return;
    }
    for (int i = 0; i < IP_BYTES; i += 2)
        buf_add_format(text, "%s%02x%02x", i == 0 ? "\"" : ":", ip[i], ip[i + 1]);
    buf_add_byte(text, '"');
}

/* A query's look at a set, a line of JSON for each value. */
static enum status read_set(void *context, struct slice name, struct arena *arena,
                            struct slice *ret, struct error *err)
{
    struct scope *scope = context;
    enum indicator_kind kind;
    const struct map *set =
        indicator_kind_from_name(name, &kind) ? &scope->sets[kind] : &scope->found;
    struct buf text;

    buf_init(&text, QUERY_MEMORY_BYTES);
    for (size_t i = 0; i < set->count; i++) {
        buf_add_text(&text, "{\"Text\":");
        text_add_json_string(&text, set->entries[i].key);
        buf_add_text(&text, ",\"Ip\":");
        add_address(&text, set->entries[i].key);
        buf_add_text(&text, "}\n");
    }
    enum status status = buf_check(&text, err);
    if (status == STATUS_OK) {
        *ret = arena_copy(arena, buf_slice(&text), err);
        status = ret->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&text);
    return status;
}

static enum status find_table(void *context, struct slice name, struct table_source **ret,
                              struct error *err)
{
    const struct query_env *env = ((struct scope *)context)->request->env;

    return env->table(env->context, name, ret, err);
}

static void add_mail_between(struct buf *text, int64_t time_from, int64_t time_to)
{
    char range[160] = "", from[TIME_TEXT_BYTES + 1], to[TIME_TEXT_BYTES + 1];

    if (time_from != INT64_MIN || time_to != INT64_MAX) {
        time_format_iso(time_from, from);
        time_format_iso(time_to, to);
        (void)snprintf(range, sizeof(range),
                       " | where TimeGenerated >= datetime(%s) and TimeGenerated < datetime(%s)",
                       from, to);
    }
    buf_add_format(text, mail_text, range, range);
}

static void add_mail(struct scope *scope, struct buf *text)
{
    add_mail_between(text, scope->request->time_from, scope->request->time_to);
}

/* "and (...)" conditions for every kind that has values. */
static void add_conditions(struct scope *scope, struct buf *text)
{
    buf_add_text(text, " | where true");
    if (scope->sets[INDICATOR_APP].count > 0)
        buf_add_text(text, " and App in~" TEXTS("app-id"));
    if (scope->sets[INDICATOR_IP].count > 0)
        buf_add_text(text, " and Bare(Address) in~" ADDRESSES("ip"));
    if (scope->sets[INDICATOR_SESSION].count > 0)
        buf_add_text(text, " and (Session in~" TEXTS("session")
                           " or SignIn in~" TEXTS("session") ")");
    if (scope->sets[INDICATOR_USER].count > 0)
        buf_add_text(text, " and User in~" TEXTS("user"));
}

/* Sets of addresses have them as people write them. */
static enum status put_address(struct map *set, struct slice address, struct error *err)
{
    char room[IP_TEXT_BYTES];

    address = ip_canonical(address, room);
    return address.size == 0 || map_put(set, address, NULL, err) != NULL ? STATUS_OK : err->status;
}

static enum status address_row(struct scope *scope, const struct batch *batch, uint32_t row,
                               struct map *out, struct error *err)
{
    (void)scope;
    return put_address(out, bytes_at(batch, 0, row), err);
}

/* ---- alerts ---- */

static enum status put_member(struct map *set, struct slice json, const char *key,
                              struct error *err)
{
    struct slice value = dynamic_member(json, slice_of(key));
    struct arena *arena = arena_new(4 * MIB);
    struct slice text = {"", 0};
    enum status status = STATUS_OK;

    if (arena == NULL)
        return ERROR_MEMORY(err);
    if (value.size > 0)
        status = dynamic_to_string(arena, value, &text, err);
    if (status == STATUS_OK)
        status = put_address(set, text, err); /* an identifier is none, and stays */
    arena_free(arena);
    return status;
}

/* As `in~` compares. */
static void fold(struct slice text, struct buf *ret)
{
    buf_init(ret, RECORD_BYTES_MAX);
    for (size_t at = 0; at < text.size;)
        text_add_rune(ret, fold_next(text, &at));
}

static enum status alert_row(struct scope *scope, const struct batch *batch, uint32_t row,
                             struct map *out, struct error *err)
{
    struct slice details = bytes_at(batch, 0, row);
    struct buf id;

    fold(bytes_at(batch, 1, row), &id);
    enum status status = buf_check(&id, err);
    if (status == STATUS_OK && map_put(out, buf_slice(&id), NULL, err) == NULL)
        status = err->status;
    buf_release(&id);
    if (status == STATUS_OK)
        status = put_member(&scope->sets[INDICATOR_APP], details, "app_id", err);
    if (status == STATUS_OK)
        status = put_member(&scope->sets[INDICATOR_IP], details, "address", err);
    return status;
}

/* An answer without what an alert stands for would look like a whole one. */
static enum status check_found(const struct map *alerts, const struct map *found,
                               struct error *err)
{
    enum status status = STATUS_OK;
    struct buf id;

    for (size_t i = 0; status == STATUS_OK && i < alerts->count; i++) {
        fold(alerts->entries[i].key, &id);
        status = buf_check(&id, err);
        if (status == STATUS_OK && map_find(found, buf_slice(&id)) == NULL)
            status = ERROR_SET(err, STATUS_NOT_FOUND, "there is no alert '%.*s'",
                               SLICE_FMT(alerts->entries[i].key));
        buf_release(&id);
    }
    return status;
}

static enum status resolve_alerts(struct scope *scope, struct error *err)
{
    const struct map *alerts = &scope->sets[INDICATOR_ALERT];
    struct buf text;
    struct map out;

    map_init(&out);
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    buf_add_text(&text, "SecurityAlert | where SystemAlertId in~" TEXTS("alert")
                        " | project ExtendedProperties, SystemAlertId");
    enum status status = ask(scope, &text, alert_row, &out, err);
    if (status == STATUS_OK)
        status = check_found(alerts, &out, err);
    buf_release(&text);
    map_release(&out);
    return status;
}

/* Addresses from which the applications read a mailbox that an address we know
 * read with them too, and which nothing else in the tenants uses. */
static enum status new_addresses(struct scope *scope, struct map *out, struct error *err)
{
    struct map *candidates = &scope->found;
    struct buf text;
    struct map used;

    map_clear(candidates);
    map_init(&used);
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_mail(scope, &text);
    buf_add_text(&text, "let Of = Mail | where App in~" TEXTS("app-id")
                        " | extend Ip = Bare(Address);\n"
                        "let Boxes = Of | where Ip in~" ADDRESSES("ip")
                        " | distinct TenantId, Mailbox;\n"
                        "Of | distinct TenantId, Mailbox, Ip"
                        " | join kind=leftsemi Boxes on TenantId, Mailbox | distinct Ip"
                        " | where Ip !in~" ADDRESSES("ip"));
    enum status status = ask(scope, &text, address_row, candidates, err);
    if (status == STATUS_OK && candidates->count > 0) {
        buf_clear(&text);
        buf_add_text(&text, used_text);
        buf_add_text(&text, " | where A in~" TEXTS("found") /* most rows end here */
                            " or A contains \":\" | extend A = Bare(A)"
                            " | where A in~" ADDRESSES("found")
                            " and P !in~" TEXTS("app-id") " | distinct A");
        status = ask(scope, &text, address_row, &used, err);
    }
    for (size_t i = 0; status == STATUS_OK && i < candidates->count; i++) {
        struct slice key = candidates->entries[i].key;
        if (map_find(&used, key) == NULL && map_put(out, key, NULL, err) == NULL)
            status = err->status;
    }
    buf_release(&text);
    map_release(&used);
    return status;
}

static enum status grow(struct scope *scope, struct error *err)
{
    enum status status = STATUS_OK;
    size_t before = 0;

    for (int round = 0; status == STATUS_OK && round < GROW_ROUNDS_MAX &&
                        before != scope->sets[INDICATOR_IP].count &&
                        scope->sets[INDICATOR_APP].count > 0;
         round++) {
        before = scope->sets[INDICATOR_IP].count;
        status = new_addresses(scope, &scope->sets[INDICATOR_IP], err);
    }
    return status;
}

/* ---- accesses ---- */

static enum status access_row(struct scope *scope, const struct batch *batch, uint32_t row,
                              struct map *out, struct error *err)
{
    struct access access = {
        .tenant = vector_value(&batch->columns[0], row).guid,
        .time = vector_value(&batch->columns[1], row).integer,
        .mailbox = bytes_at(batch, 2, row),
        .app = bytes_at(batch, 3, row),
        .address = bytes_at(batch, 4, row),
        .session = bytes_at(batch, 5, row),
        .sign_in = bytes_at(batch, 6, row),
        .properties = bytes_at(batch, 7, row),
        .folders = bytes_at(batch, 8, row),
        .item = bytes_at(batch, 9, row),
    };
    struct value count = vector_value(&batch->columns[10], row);

    (void)out;
    access.operation_count = count.is_null ? 0 : count.integer;
    return scope_add_access(&scope->accesses, &access, err);
}

static enum status find_accesses(struct scope *scope, struct error *err)
{
    struct buf text;

    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_mail(scope, &text);
    buf_add_text(&text, "Mail");
    add_conditions(scope, &text);
    buf_add_text(&text, " | project TenantId, Time, Mailbox, App, Address, Session, SignIn,"
                        " Properties, Folders, Item, OperationCount");
    enum status status = ask(scope, &text, access_row, NULL, err);
    buf_release(&text);
    return status;
}

static struct mailbox_scope *mailbox_at(const struct scope *scope, size_t i)
{
    return (struct mailbox_scope *)(uintptr_t)scope->accesses.mailboxes.entries[i].value;
}

/* Makes mailboxes, all or those that were synced, what the next query is about. */
static enum status name_mailboxes(struct scope *scope, bool is_of_synced, struct error *err)
{
    enum status status = STATUS_OK;

    map_clear(&scope->found);
    for (size_t i = 0; status == STATUS_OK && i < scope->accesses.mailboxes.count; i++) {
        const struct mailbox_scope *m = mailbox_at(scope, i);
        if ((!is_of_synced || m->sync_folders.count > 0) &&
            map_put(&scope->found, m->name, NULL, err) == NULL)
            status = err->status;
    }
    return status;
}

/* Where there are too many to name, who takes the rows passes the others over. */
static void add_named(struct scope *scope, struct buf *text)
{
    if (scope->found.count <= MAILBOXES_NAMED_MAX)
        buf_add_text(text, " | where Mailbox in~" TEXTS("found"));
}

static enum status throttled_row(struct scope *scope, const struct batch *batch, uint32_t row,
                                 struct map *out, struct error *err)
{
    const struct access access = {
        .tenant = vector_value(&batch->columns[0], row).guid,
        .time = vector_value(&batch->columns[1], row).integer,
        .mailbox = bytes_at(batch, 2, row),
        .properties = bytes_at(batch, 3, row),
    };

    (void)out;
    return scope_add_throttled(&scope->accesses, &access, err);
}

/* Whoever reads so much that the log of a mailbox is throttled, nobody's accesses are in it then:
 * asked of all who read about the times of the accesses. */
static enum status find_throttled(struct scope *scope, struct error *err)
{
    int64_t from = INT64_MAX, to = INT64_MIN;
    struct buf text;
    enum status status = name_mailboxes(scope, false, err);

    if (status != STATUS_OK || scope->found.count == 0)
        return status;
    for (size_t i = 0; i < scope->accesses.mailboxes.count; i++) {
        const struct mailbox_scope *m = mailbox_at(scope, i);
        from = m->first < from ? m->first : from;
        to = m->last > to ? m->last : to;
    }
    from -= SCOPE_THROTTLED_TICKS;
    to += SCOPE_THROTTLED_TICKS + 1;
    if (to > scope->request->time_to) /* what is hidden from then on is not asked for */
        to = scope->request->time_to;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_mail_between(&text, from, to);
    buf_add_text(&text, "Mail | extend P = tostring(Properties)"
                        " | where P has \"IsThrottled\" and P has \"True\"");
    add_named(scope, &text);
    buf_add_text(&text, " | project TenantId, Time, Mailbox, Properties");
    status = ask(scope, &text, throttled_row, NULL, err);
    buf_release(&text);
    return status;
}

static enum status known_row(struct scope *scope, const struct batch *batch, uint32_t row,
                             struct map *out, struct error *err)
{
    struct guid tenant = vector_value(&batch->columns[0], row).guid;

    (void)out;
    return scope_add_known(&scope->accesses, &tenant, bytes_at(batch, 1, row),
                           bytes_at(batch, 2, row), err);
}

/* What the log knows of synced folders, from anybody's accesses at any time. */
static enum status find_known(struct scope *scope, struct error *err)
{
    struct buf text;
    enum status status = name_mailboxes(scope, true, err);

    if (status != STATUS_OK || scope->found.count == 0)
        return status;
    buf_init(&text, QUERY_TEXT_BYTES_MAX);
    add_mail_between(&text, INT64_MIN, INT64_MAX);
    buf_add_text(&text, "Mail");
    add_named(scope, &text);
    buf_add_text(&text, " | project TenantId, Mailbox, Folders");
    status = ask(scope, &text, known_row, NULL, err);
    buf_release(&text);
    return status;
}

/* ---- the answer ---- */

static int by_name(const void *a, const void *b)
{
    const struct mailbox_scope *x = *(const struct mailbox_scope *const *)a;
    const struct mailbox_scope *y = *(const struct mailbox_scope *const *)b;

    return slice_compare(x->name, y->name);
}

/* The mailboxes in an order that does not depend on which thread was first; NULL: no memory. */
static const struct mailbox_scope **sort_mailboxes(struct scope *scope)
{
    const struct map *mailboxes = &scope->accesses.mailboxes;
    struct error ignored;
    const struct mailbox_scope **ret =
        ARENA_ARRAY(scope->arena, const struct mailbox_scope *, mailboxes->count + 1, &ignored);

    for (size_t i = 0; ret != NULL && i < mailboxes->count; i++)
        ret[i] = mailbox_at(scope, i);
    if (ret != NULL)
        qsort(ret, mailboxes->count, sizeof(struct mailbox_scope *), by_name);
    return ret;
}

static void add_tenant(struct scope *scope, const struct mailbox_scope **mailboxes,
                       uint32_t index, bool *first, struct buf *ret)
{
    const struct scope_request *r = scope->request;
    bool any = false;
    char id[GUID_TEXT_BYTES + 1];

    for (size_t i = 0; i < scope->accesses.mailboxes.count; i++) {
        const struct mailbox_scope *m = mailboxes[i];
        if (!guid_equal(&m->tenant, &r->tenants[index]))
            continue;
        if (!any) {
            guid_format(&r->tenants[index], id);
            buf_add_text(ret, *first ? "{\"tenant\":" : ",{\"tenant\":");
            text_add_json_string(ret, r->tenant_names[index]);
            buf_add_format(ret, ",\"tenant_id\":\"%s\",\"mailboxes\":[", id);
            *first = false;
        }
        if (any)
            buf_add_byte(ret, ',');
        any = true;
        scope_add_mailbox_json(m, scope->lack.complete, ret);
    }
    if (any)
        buf_add_text(ret, "]}");
}

static void add_answer(struct scope *scope, struct buf *ret)
{
    const struct mailbox_scope **mailboxes = sort_mailboxes(scope);
    bool first = true;

    buf_add_text(ret, "{\"tenants\":[");
    for (uint32_t i = 0; i < scope->request->tenant_count && mailboxes != NULL; i++)
        add_tenant(scope, mailboxes, i, &first, ret);
    ret->failed = ret->failed || mailboxes == NULL;
    buf_add_text(ret, "],\"indicators\":{");
    first = true;
    for (int kind = 0; kind < INDICATOR_KIND_COUNT_; kind++) {
        const struct map *set = &scope->sets[kind];
        if (set->count == 0)
            continue;
        buf_add_format(ret, "%s\"%s\":", first ? "" : ",", kind_names[kind]);
        scope_add_keys(set, scope->arena, ret);
        first = false;
    }
    buf_add_text(ret, "}");
    query_add_complete(ret, &scope->lack);
    buf_add_byte(ret, '}');
}

/* Records write ids with hyphens and without braces, people in each way. */
static enum status put_usual(struct map *set, struct slice value, struct error *err)
{
    char text[GUID_TEXT_BYTES + 1];
    struct guid id;

    if (value.size == GUID_TEXT_BYTES || !guid_parse(value, &id))
        return STATUS_OK; /* letters match in either case */
    guid_format(&id, text);
    return map_put(set, slice_of(text), NULL, err) != NULL ? STATUS_OK : err->status;
}

static enum status take_indicators(struct scope *scope, struct error *err)
{
    const struct scope_request *r = scope->request;
    char room[IP_TEXT_BYTES];
    uint8_t ip[IP_BYTES];

    if (r->indicator_count == 0)
        return ERROR_SET(err, STATUS_INVALID, "a scope wants at least one indicator");
    for (uint32_t i = 0; i < r->indicator_count; i++) {
        struct slice value = slice_trim(r->indicators[i].value);
        if (value.size == 0 || !text_is_utf8(value))
            return ERROR_SET(err, STATUS_INVALID, "an indicator is empty or not UTF-8");
        /* What cannot match would say "nothing was touched". */
        enum indicator_kind kind = r->indicators[i].kind;
        bool is_ip = kind == INDICATOR_IP;
        bool is_id = kind == INDICATOR_APP || kind == INDICATOR_SESSION;
        if (is_ip && !ip_parse(value, ip))
            return ERROR_SET(err, STATUS_INVALID, "'%.*s' is not an address", SLICE_FMT(value));
        if (is_ip)
            value = ip_canonical(value, room);
        if (map_put(&scope->sets[kind], value, NULL, err) == NULL)
            return err->status;
        if (is_id && put_usual(&scope->sets[kind], value, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

enum status scope_run(const struct scope_request *request, struct buf *ret, struct error *err)
{
    struct scope scope = {.request = request, .lack = {.complete = true}};
    enum status status;

    scope.env = (struct query_env){.context = &scope, .table = find_table, .fetch = read_set};
    scope.arena = arena_new(QUERY_MEMORY_BYTES);
    if (scope.arena == NULL)
        return ERROR_MEMORY(err);
    for (int kind = 0; kind < INDICATOR_KIND_COUNT_; kind++)
        map_init(&scope.sets[kind]);
    map_init(&scope.found);
    scope_accesses_init(&scope.accesses, scope.arena);

    status = take_indicators(&scope, err);
    if (status == STATUS_OK && scope.sets[INDICATOR_ALERT].count > 0) {
        status = resolve_alerts(&scope, err);
        if (status == STATUS_OK)
            status = grow(&scope, err);
    }
    if (status == STATUS_OK)
        status = find_accesses(&scope, err);
    if (status == STATUS_OK)
        status = find_throttled(&scope, err);
    if (status == STATUS_OK)
        status = find_known(&scope, err);
    if (status == STATUS_OK) {
        add_answer(&scope, ret);
        status = buf_check(ret, err);
    }
    scope_accesses_release(&scope.accesses);
    for (int kind = 0; kind < INDICATOR_KIND_COUNT_; kind++)
        map_release(&scope.sets[kind]);
    map_release(&scope.found);
    arena_free(scope.arena);
    return status;
}

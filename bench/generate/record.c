/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/record.h"

#include "generate/templates.h"

#include <stdlib.h>

#define PIECES_MAX 128u
#define TEMPLATE_BYTES_MAX 4096u
#define FILES_A_TENANT 20000u

static const struct {
    const char *agent, *os, *browser, *client;
} clients[] = {
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51",
     "Windows10", "Edge", "Client=OWA;Action=ViaProxy"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/123.0.0.0 Safari/537.36",
     "Windows10", "Chrome", "Client=OWA;Action=ViaProxy"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.4 Safari/605.1.15",
     "MacOs", "Safari", "Client=Outlook;Mac/16.84"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Mobile/15E148",
     "Ios", "MobileSafari", "Client=OutlookService;Outlook-iOS/2.0;"},
    {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/124.0.6367.54 Mobile Safari/537.36",
     "Android", "ChromeMobile", "Client=OutlookService;Outlook-Android/2.0;"},
    {"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17425; Pro)", "Windows10",
     "Rich Client 4.53", "Client=MSExchangeRPC"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Linux", "Firefox",
     "Client=REST;Client=RESTSystem;;"},
};
#define CLIENT_COUNT (sizeof(clients) / sizeof(clients[0]))

/* A piece of a template: a literal, or the value `write` puts. */
struct piece {
    const char *literal; /* in the template's text */
    size_t size;
    void (*write)(struct event *event, struct text *text);
};

struct template
{
    char text[TEMPLATE_BYTES_MAX];
    struct piece pieces[PIECES_MAX];
    uint32_t piece_count;
};

struct templates {
    struct template kinds[RECORD_KIND_COUNT_];
};

static uint32_t client_of(const struct event *event)
{
    return (event->user->browser + (uint32_t)(event->session % 3)) % CLIENT_COUNT;
}

/* The days since the epoch as a civil date (the usual shift to March). */
static void put_date(int64_t days, struct text *text)
{
    int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    text_digits(text, (uint64_t)(year + era * 400 + (month >= 10)), 4);
    TEXT(text, "-");
    text_digits(text, (uint64_t)(month < 10 ? month + 3 : month - 9), 2);
    TEXT(text, "-");
    text_digits(text, (uint64_t)(of_year - (153 * month + 2) / 5 + 1), 2);
}

static void put_time(struct event *event, struct text *text)
{
    uint64_t second = (uint64_t)(event->time_s % 86400);

    put_date(event->time_s / 86400, text);
    TEXT(text, "T");
    text_digits(text, second / 3600, 2);
    TEXT(text, ":");
    text_digits(text, second / 60 % 60, 2);
    TEXT(text, ":");
    text_digits(text, second % 60, 2);
}

static void put_new(struct event *event, struct text *text)
{
    text_guid(text, rng_next(&event->rng));
}

static void put_operation(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->operation->name));
}

static void put_type(struct event *event, struct text *text)
{
    text_number(text, event->operation->record_type);
}

static void put_workload(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->operation->workload));
}

static void put_organization(struct event *event, struct text *text)
{
    text_put(text, event->tenant->id, GUID_BYTES);
}

static void put_domain(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->tenant->domain));
}

static void put_user(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->user->upn));
}

static void put_alias(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->user->alias));
}

static void put_oid(struct event *event, struct text *text)
{
    text_put(text, event->user->oid, GUID_BYTES);
}

static void put_puid(struct event *event, struct text *text)
{
    text_put(text, event->user->puid, 16);
}

static void put_sid(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->user->sid));
}

static void put_mailbox(struct event *event, struct text *text)
{
    text_put(text, event->user->mailbox, GUID_BYTES);
}

static void put_app(struct event *event, struct text *text)
{
    text_put(text, event->app, GUID_BYTES);
}

static void put_address(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->address));
}

static void put_port(struct event *event, struct text *text)
{
    text_number(text, 1024 + rng_below(&event->rng, 60000));
}

static void put_session(struct event *event, struct text *text)
{
    text_guid(text, event->session);
}

static void put_device(struct event *event, struct text *text)
{
    text_guid(text, mix(event->user->seed, 500 + client_of(event)));
}

static void put_agent(struct event *event, struct text *text)
{
    text_slice(text, slice_of(clients[client_of(event)].agent));
}

static void put_os(struct event *event, struct text *text)
{
    text_slice(text, slice_of(clients[client_of(event)].os));
}

static void put_browser(struct event *event, struct text *text)
{
    text_slice(text, slice_of(clients[client_of(event)].browser));
}

static void put_client(struct event *event, struct text *text)
{
    text_slice(text, slice_of(clients[client_of(event)].client));
}

static void put_server(struct event *event, struct text *text)
{
    TEXT(text, "AM8PR04MB");
    text_number(text, 1000 + event->user->seed % 9000);
}

static void put_build(struct event *event, struct text *text)
{
    text_number(text, 7500 + event->day / 7);
    TEXT(text, ".");
    text_number(text, 20 + rng_below(&event->rng, 12));
}

static void put_title(struct event *event, struct text *text)
{
    world_title(event->world, &event->rng, text);
}

static void put_error(struct event *event, struct text *text)
{
    static const char *const numbers[] = {"50126", "50126", "50053", "50076"};

    text_slice(text, slice_of(event->operation->kind == RECORD_SIGN_IN
                                  ? "0"
                                  : numbers[rng_below(&event->rng, 4)]));
}

static void put_access(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->is_sync ? "Sync" : "Bind"));
}

static void put_throttled(struct event *event, struct text *text)
{
    text_slice(text, slice_of(event->is_throttled ? "True" : "False"));
}

static void put_count(struct event *event, struct text *text)
{
    text_number(text, event->is_sync ? 1 : event->message_count);
}

static void put_folder(struct event *event, struct text *text)
{
    text_slice(text, message_folder_path(event->folder));
}

static void put_folder_id(struct event *event, struct text *text)
{
    message_folder_id(event->user, event->folder, text);
}

/* A bind names the messages, a sync only the folder. */
static void put_folders(struct event *event, struct text *text)
{
    TEXT(text, "{");
    if (!event->is_sync) {
        TEXT(text, "\"FolderItems\":[");
        for (uint32_t i = 0; i < event->message_count; i++) {
            if (i > 0)
                TEXT(text, ",");
            TEXT(text, "{\"InternetMessageId\":\"");
            message_id(event->world, event->user, event->messages[i], text);
            TEXT(text, "\"}");
        }
        TEXT(text, "],");
    }
    TEXT(text, "\"Id\":\"");
    put_folder_id(event, text);
    TEXT(text, "\",\"Path\":\"");
    put_folder(event, text);
    TEXT(text, "\"}");
}

static void put_message(struct event *event, uint32_t number, struct text *text)
{
    TEXT(text, "{\"Id\":\"");
    message_item_id(event->user, number, text);
    TEXT(text, "\",\"InternetMessageId\":\"");
    message_id(event->world, event->user, number, text);
    TEXT(text, "\",\"ParentFolder\":{\"Id\":\"");
    put_folder_id(event, text);
    TEXT(text, "\",\"Path\":\"");
    put_folder(event, text);
    TEXT(text, "\"},\"SizeInBytes\":");
    text_number(text, 2000 + mix(event->user->seed, 600 + number) % 90000);
    TEXT(text, ",\"Subject\":\"");
    message_subject(event->world, event->user, number, text);
    TEXT(text, "\"}");
}

static void put_item(struct event *event, struct text *text)
{
    put_message(event, event->messages[0], text);
}

static void put_items(struct event *event, struct text *text)
{
    for (uint32_t i = 0; i < event->message_count; i++) {
        if (i > 0)
            TEXT(text, ",");
        put_message(event, event->messages[i], text);
    }
}

/* Files: one a session and minute, so that neighbours touch the same ones. */
static uint64_t file_of(const struct event *event)
{
    uint64_t pick = mix(event->session, (uint64_t)event->time_s / 600) & 0xffffffff;

    return mix(event->tenant->seed, 700 + ((pick * pick >> 32) * FILES_A_TENANT >> 32));
}

static void put_site_url(struct event *event, struct text *text)
{
    uint64_t file = file_of(event);

    TEXT(text, "https://");
    text_slice(text, slice_of(event->tenant->name));
    TEXT(text, ".sharepoint.example/sites/");
    text_slice(text, world_word(event->world, mix(event->tenant->seed, file % 24)));
    TEXT(text, "/");
}

static void put_site(struct event *event, struct text *text)
{
    text_guid(text, mix(event->tenant->seed, file_of(event) % 24));
}

static void put_web(struct event *event, struct text *text)
{
    text_guid(text, mix(event->tenant->seed, 1000 + file_of(event) % 24));
}

static void put_list(struct event *event, struct text *text)
{
    text_guid(text, mix(event->tenant->seed, 2000 + file_of(event) % 72));
}

static void put_item_id(struct event *event, struct text *text)
{
    text_guid(text, file_of(event) + 1);
}

static void put_size(struct event *event, struct text *text)
{
    text_number(text, 900 + mix(file_of(event), 1) % 5000000);
}

static void put_extension(struct event *event, struct text *text)
{
    static const char *const extensions[] = {"docx", "xlsx", "pdf", "pptx", "png", "txt", "msg"};

    text_slice(text, slice_of(extensions[mix_below(file_of(event), 2, 7)]));
}

static void put_directory(struct event *event, struct text *text)
{
    static const char *const directories[] = {"General", "Finance", "Projects", "Customers",
                                              "Personnel"};

    text_slice(text, slice_of(directories[mix_below(file_of(event), 3, 5)]));
}

static void put_file(struct event *event, struct text *text)
{
    struct rng rng = {file_of(event)};

    world_title(event->world, &rng, text);
    TEXT(text, ".");
    put_extension(event, text);
}

static void put_file_url(struct event *event, struct text *text)
{
    put_site_url(event, text);
    TEXT(text, "Shared Documents/");
    put_directory(event, text);
    TEXT(text, "/");
    put_file(event, text);
}

static const struct user *other_user(const struct event *event, uint64_t salt)
{
    const struct world *world = event->world;

    return &world->users[mix_below(event->user->seed, salt, world->user_count)];
}

static void put_target(struct event *event, struct text *text)
{
    text_slice(text, slice_of(other_user(event, 800 + rng_below(&event->rng, 9))->upn));
}

static void put_thread(struct event *event, struct text *text)
{
    uint64_t other = 900 + rng_below(&event->rng, 20);

    put_oid(event, text);
    TEXT(text, "_");
    text_put(text, other_user(event, other)->oid, GUID_BYTES);
}

static void put_number10(struct event *event, struct text *text)
{
    text_digits(text, rng_next(&event->rng), 11);
}

static void put_key(struct event *event, struct text *text)
{
    text_base64(text, rng_next(&event->rng), 43);
}

static void put_resource(struct event *event, struct text *text)
{
    text_guid(text, mix(event->tenant->seed, 60));
}

static void put_scope(struct event *event, struct text *text)
{
    static const char *const scopes[] = {"User.Read", "Mail.Read offline_access",
                                         "Files.Read.All", "Directory.Read.All"};

    text_slice(text, slice_of(scopes[rng_below(&event->rng, 4)]));
}

static const struct {
    const char *name;
    void (*write)(struct event *event, struct text *text);
} values[] = {
    {"time", put_time},           {"id", put_new},
    {"new", put_new},             {"operation", put_operation},
    {"type", put_type},           {"workload", put_workload},
    {"organization", put_organization}, {"domain", put_domain},
    {"user", put_user},           {"alias", put_alias},
    {"oid", put_oid},             {"puid", put_puid},
    {"sid", put_sid},             {"mailbox", put_mailbox},
    {"app", put_app},             {"address", put_address},
    {"port", put_port},           {"session", put_session},
    {"device", put_device},       {"agent", put_agent},
    {"os", put_os},               {"browser", put_browser},
    {"client", put_client},       {"server", put_server},
    {"build", put_build},         {"title", put_title},
    {"error", put_error},         {"access", put_access},
    {"throttled", put_throttled}, {"count", put_count},
    {"folder", put_folder},       {"folder_id", put_folder_id},
    {"folders", put_folders},     {"item", put_item},
    {"items", put_items},         {"site_url", put_site_url},
    {"site", put_site},           {"web", put_web},
    {"list", put_list},           {"item_id", put_item_id},
    {"size", put_size},           {"extension", put_extension},
    {"directory", put_directory}, {"file", put_file},
    {"file_url", put_file_url},   {"target", put_target},
    {"thread", put_thread},       {"number10", put_number10},
    {"key", put_key},             {"resource", put_resource},
    {"scope", put_scope},
};
#define VALUE_COUNT (sizeof(values) / sizeof(values[0]))

static bool cut_template(struct template *template, const char *source)
{
    struct slice rest, part;
    bool is_value = false;
    size_t size = strlen(source);

    if (size >= TEMPLATE_BYTES_MAX)
        return false;
    memcpy(template->text, source, size);
    for (size_t i = 0; i < size; i++) {
        if (template->text[i] == '\'')
            template->text[i] = '"';
    }
    rest = slice_from(template->text, size);
    while (slice_next(&rest, '$', &part)) {
        struct piece piece = {part.data, part.size, NULL};
        for (uint32_t i = 0; is_value && i < VALUE_COUNT; i++) {
            if (slice_is(part, values[i].name))
                piece.write = values[i].write;
        }
        if ((is_value && piece.write == NULL) || template->piece_count == PIECES_MAX)
            return false;
        template->pieces[template->piece_count++] = piece;
        is_value = !is_value;
    }
    return true;
}

enum status templates_new(struct templates **ret, struct error *err)
{
    struct templates *templates = calloc(1, sizeof(*templates));

    if (templates == NULL)
        return ERROR_SET(err, STATUS_IO, "out of memory");
    for (uint32_t i = 0; i < RECORD_KIND_COUNT_; i++) {
        if (!cut_template(&templates->kinds[i], template_texts[i])) {
            templates_free(templates);
            return ERROR_SET(err, STATUS_INVALID, "template %u names an unknown value", i);
        }
    }
    *ret = templates;
    return STATUS_OK;
}

void templates_free(struct templates *templates)
{
    free(templates);
}

void record_write(const struct templates *templates, struct event *event, struct text *text)
{
    const struct template *template = &templates->kinds[event->operation->kind];

    for (uint32_t i = 0; i < template->piece_count; i++) {
        const struct piece *piece = &template->pieces[i];
        if (piece->write == NULL)
            text_put(text, piece->literal, piece->size);
        else
            piece->write(event, text);
    }
}

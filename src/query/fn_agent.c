/* SPDX-License-Identifier: Apache-2.0 */
/* fn_agent.c - parse_user_agent(): the common browsers, systems and devices.
 *
 * Rules stand in the order in which they are tried: who names another for the sake of old
 * servers, as nearly all do, comes before it. */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"

#include <stdio.h>

struct agent_rule {
    const char *mark, *family;
    const char *version_after; /* NULL: right after the mark; "": none is there */
};

static const struct agent_rule browsers[] = {
    {"AdobeAIR/", "AdobeAIR", NULL},
    {"SymbianOS/", "Nokia OSS Browser", "Series60/"},
    {"Edg/", "Edge", NULL},
    {"EdgA/", "Edge Mobile", NULL},
    {"EdgiOS/", "Edge Mobile", NULL},
    {"Edge/", "Edge", NULL},
    {"OPR/", "Opera", NULL},
    {"Opera/", "Opera", "Version/"},
    {"SamsungBrowser/", "Samsung Internet", NULL},
    {"YaBrowser/", "Yandex Browser", NULL},
    {"Vivaldi/", "Vivaldi", NULL},
    {"HeadlessChrome/", "HeadlessChrome", NULL},
    {"PhantomJS/", "PhantomJS", NULL},
    {"Thunderbird/", "Thunderbird", NULL},
    {"FxiOS/", "Firefox iOS", NULL},
    {"Firefox/", "Firefox", NULL},
    {"CriOS/", "Chrome Mobile iOS", NULL},
    {"Chrome/", "Chrome", NULL},
    {"MSIE ", "IE", NULL},
    {"Trident/", "IE", "rv:"},
    {"Safari/", "Safari", "Version/"},
    {"python-requests/", "Python Requests", NULL},
    {"Python-urllib/", "Python-urllib", NULL},
    {"aiohttp/", "aiohttp", NULL},
    {"Go-http-client/", "Go-http-client", NULL},
    {"Apache-HttpClient/", "Apache-HttpClient", NULL},
    {"okhttp/", "okhttp", NULL},
    {"axios/", "axios", NULL},
    {"PostmanRuntime/", "PostmanRuntime", NULL},
    {"Java/", "Java", NULL},
    {"curl/", "curl", NULL},
    {"Wget/", "Wget", NULL},
};
static const struct agent_rule systems[] = {
    {"Windows NT 10.0", "Windows 10", ""},
    {"Windows NT 6.3", "Windows 8.1", ""},
    {"Windows NT 6.2", "Windows 8", ""},
    {"Windows NT 6.1", "Windows 7", ""},
    {"Windows", "Windows", ""},
    {"SymbianOS/", "Symbian OS", NULL},
    {"Android ", "Android", NULL},
    {"iPhone OS ", "iOS", NULL},
    {"CPU OS ", "iOS", NULL},
    {"Mac OS X ", "Mac OS X", NULL},
    {"CrOS", "Chrome OS", ""},
    {"Linux", "Linux", ""},
};
static const struct device {
    const char *family, *mark, *brand, *model;
} devices[] = {
    {"iPhone", "iPhone", "Apple", "iPhone"},
    {"iPad", "iPad", "Apple", "iPad"},
    {"Mac", "Macintosh", "Apple", "Mac"},
    {"Generic Smartphone", "Android", "Generic", "Smartphone"},
};

/* The numbers of a version, divided by points or underlines: a member each, empty where
 * there is none. */
static void add_versions(struct buf *buf, struct slice version, uint32_t count)
{
    static const char *const names[] = {"MajorVersion", "MinorVersion", "Patch", "PatchMinor"};
    size_t at = 0;

    for (uint32_t i = 0; i < count; i++) {
        size_t start = at;
        while (at < version.size && version.data[at] >= '0' && version.data[at] <= '9')
            at++;
        buf_add_format(buf, ",\"%s\":\"%.*s\"", names[i], (int)(at - start),
                       version.data + start);
        if (at < version.size && (version.data[at] == '.' || version.data[at] == '_'))
            at++;
        else
            version = slice_head(version, at);
    }
}

/* The first rule that holds, and the version it points at; NULL: none. */
static const struct agent_rule *find_rule(struct slice agent, const struct agent_rule *rules,
                                          size_t rule_count, struct slice *ret_version)
{
    *ret_version = slice_from("", 0);
    for (size_t i = 0; i < rule_count; i++) {
        struct slice mark = slice_of(rules[i].mark);
        size_t at = slice_find(agent, mark, 0);
        if (at == SIZE_MAX)
            continue;
        if (rules[i].version_after == NULL) {
            *ret_version = slice_tail(agent, at + mark.size);
        } else if (rules[i].version_after[0] != '\0') {
            struct slice before = slice_of(rules[i].version_after);
            at = slice_find(agent, before, 0);
            if (at != SIZE_MAX)
                *ret_version = slice_tail(agent, at + before.size);
        }
        return &rules[i];
    }
    return NULL;
}

static void begin_part(struct buf *buf, const char *name, struct slice family)
{
    buf_add_format(buf, "%s\"%s\":{\"Family\":", buf->size > 1 ? "," : "", name);
    text_add_json_string(buf, family);
}

static void add_software(struct buf *buf, struct slice agent, const char *name,
                         const struct agent_rule *rules, size_t rule_count, uint32_t numbers)
{
    struct slice version;
    const struct agent_rule *rule = find_rule(agent, rules, rule_count, &version);

    begin_part(buf, name, slice_of(rule == NULL ? "Other" : rule->family));
    add_versions(buf, version, numbers);
    buf_add_byte(buf, '}');
}

static void end_device(struct buf *buf, struct slice brand, struct slice model)
{
    buf_add_text(buf, ",\"Brand\":");
    text_add_json_string(buf, brand);
    buf_add_text(buf, ",\"Model\":");
    text_add_json_string(buf, model);
    buf_add_byte(buf, '}');
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* "NokiaN81-3/10.0": the model up to the version, the family without its variant. */
static bool add_nokia(struct buf *buf, struct slice agent)
{
    const struct slice mark = SLICE("Nokia");
    size_t at = slice_find(agent, mark, 0);
    struct slice model = at == SIZE_MAX ? SLICE("") : slice_tail(agent, at + mark.size);
    size_t end = 0, variant = 0;

    while (variant < model.size && is_letter_or_digit(model.data[variant]))
        variant++;
    for (end = variant; end < model.size; end++) {
        if (!is_letter_or_digit(model.data[end]) && model.data[end] != '-')
            break;
    }
    if (variant == 0)
        return false;
    char family[64];
    int size = snprintf(family, sizeof(family), "Nokia %.*s", variant < 50 ? (int)variant : 50,
                        model.data);
    begin_part(buf, "Device", slice_from(family, (size_t)size));
    end_device(buf, mark, slice_head(model, end));
    return true;
}

static void add_device(struct buf *buf, struct slice agent)
{
    static const struct device other = {"Other", "", "", ""};
    const struct device *device = &other;

    for (size_t i = 0; i < COUNT_OF(devices) && device == &other; i++) {
        if (slice_find(agent, slice_of(devices[i].mark), 0) != SIZE_MAX)
            device = &devices[i];
    }
    if (device == &other && add_nokia(buf, agent))
        return;
    begin_part(buf, "Device", slice_of(device->family));
    end_device(buf, slice_of(device->brand), slice_of(device->model));
}

static enum status row_parse_user_agent(ROW_PARAMETERS)
{
    struct slice wanted;
    struct slice agent = args[0].bytes;
    struct buf buf;
    enum status status = value_text(eval->arena, &args[arg_count - 1], &wanted, err);
    bool all = arg_count < 2;

    if (status != STATUS_OK)
        return status;
    bag_start(&buf);
    if (all || slice_find(wanted, SLICE("browser"), 0) != SIZE_MAX)
        add_software(&buf, agent, "Browser", browsers, COUNT_OF(browsers), 3);
    if (all || slice_find(wanted, SLICE("os"), 0) != SIZE_MAX)
        add_software(&buf, agent, "OperatingSystem", systems, COUNT_OF(systems), 4);
    if (all || slice_find(wanted, SLICE("device"), 0) != SIZE_MAX)
        add_device(&buf, agent);
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_parse_user_agent, TYPE_DYNAMIC)

static enum status bind_parse_user_agent(BIND_PARAMETERS)
{
    (void)args, (void)arg_count, (void)err;
    want[0] = TYPE_STRING;
    *ret = TYPE_DYNAMIC;
    return STATUS_OK;
}

static const struct function functions[] = {
    {.name = "parse_user_agent",
     .signature = "parse_user_agent(text [, 'browser' | 'os' | 'device'])",
     .summary = "the browser, system and device that a user agent names",
     .example = "parse_user_agent('Mozilla/5.0 Firefox/120.0', 'browser').Browser.Family == "
                "'Firefox'",
     .args_min = 1, .args_max = 2, .bind = bind_parse_user_agent,
     .eval = eval_row_parse_user_agent},
};

FUNCTION_FAMILY(agent, functions);

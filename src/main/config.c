/* SPDX-License-Identifier: Apache-2.0 */
#include "main/config.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/text.h"
#include "codec/yaml.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NUMBER_MAX 1000000u

static const char *const keys[] = {"listen", "certificate", "key", "connections_max", "threads",
                                   "cache_mib", "log_level", "external_data_hosts",
                                   "external_data_private", "geoip_database", "trusted_proxies"};

/* Questions about all there is take many times as long where their columns do not fit. */
static uint32_t cache_mib_for(uint64_t memory_bytes)
{
    uint64_t mib = memory_bytes / CACHE_PART_OF_MEMORY / MIB;

    mib = mib < NUMBER_MAX ? mib : NUMBER_MAX;
    return mib > BLOCK_CACHE_BYTES / MIB ? (uint32_t)mib : BLOCK_CACHE_BYTES / MIB;
}

void config_init(struct config *config, const struct data_dir *dir)
{
    uint64_t memory_bytes = machine_memory_bytes();

    *config = (struct config){.log_level = LOG_LEVEL_INFO,
                              .memory_bytes = memory_bytes,
                              .cache_mib = cache_mib_for(memory_bytes)};
    (void)snprintf(config->listen, sizeof(config->listen), "127.0.0.1:8443");
    data_dir_path(dir, "tls/cert.pem", config->certificate);
    data_dir_path(dir, "tls/key.pem", config->key);
}

/* What has another form would be passed over. */
static bool has_its_form(const struct yaml_node *value, bool may_be_list)
{
    bool is_list = may_be_list && value->kind == YAML_SEQUENCE;

    for (uint32_t i = 0; is_list && i < value->count; i++)
        is_list = value->items[i]->kind == YAML_SCALAR;
    return is_list || value->kind == YAML_SCALAR;
}

static enum status check_keys(const struct yaml_node *root, const char *path, struct error *err)
{
    for (uint32_t i = 0; i < root->count; i++) {
        const char *nearest = keys[0];
        size_t best = SIZE_MAX;
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            size_t distance = text_distance(root->keys[i]->text, slice_of(keys[k]));
            if (distance < best) {
                best = distance;
                nearest = keys[k];
            }
        }
        if (best != 0)
            return ERROR_SET(err, STATUS_INVALID,
                             "%s:%u: there is no setting '%.*s'; did you mean '%s'?", path,
                             root->keys[i]->line, SLICE_FMT(root->keys[i]->text), nearest);
        bool may_be_list = strcmp(nearest, "external_data_hosts") == 0 ||
                           strcmp(nearest, "trusted_proxies") == 0;
        if (!has_its_form(root->items[i], may_be_list))
            return ERROR_SET(err, STATUS_INVALID, "%s:%u: '%s' wants one value%s", path,
                             root->keys[i]->line, nearest, may_be_list ? " or a list of them" : "");
    }
    return STATUS_OK;
}

enum status config_set(char *field, size_t size, const char *name, struct slice text,
                       struct error *err)
{
    if (text.size >= size)
        return ERROR_SET(err, STATUS_INVALID, "'%s' is longer than %zu bytes", name, size - 1);
    memcpy(field, text.data, text.size);
    field[text.size] = '\0';
    return STATUS_OK;
}

static enum status set_text(char *field, size_t size, const struct yaml_node *root,
                            const char *key, const char *path, struct error *err)
{
    struct slice text = yaml_text(root, key, NULL);

    if (text.data == NULL || config_set(field, size, key, text, err) == STATUS_OK)
        return STATUS_OK;
    return error_wrap(err, "%s", path);
}

static enum status set_number(uint32_t *field, const struct yaml_node *root, const char *key,
                              const char *path, struct error *err)
{
    struct slice text = yaml_text(root, key, NULL);
    uint64_t value;

    if (text.data == NULL)
        return STATUS_OK;
    if (!text_parse_u64(text, &value) || value > NUMBER_MAX)
        return ERROR_SET(err, STATUS_INVALID, "%s: '%s' wants a number up to %u", path, key,
                         NUMBER_MAX);
    *field = (uint32_t)value;
    return STATUS_OK;
}

/* 0 is what is not said. */
static enum status set_cache(struct config *config, const struct yaml_node *root,
                             const char *path, struct error *err)
{
    uint32_t mib = 0;
    enum status status = set_number(&mib, root, "cache_mib", path, err);

    if (mib > 0)
        config->cache_mib = mib;
    return status;
}

static enum status set_level(struct config *config, const struct yaml_node *root,
                             const char *path, struct error *err)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    struct slice text = yaml_text(root, "log_level", "info");

    for (int i = 0; i < 4; i++) {
        if (slice_is(text, names[i])) {
            config->log_level = i;
            return STATUS_OK;
        }
    }
    return ERROR_SET(err, STATUS_INVALID, "%s: 'log_level' is error, warning, info or debug",
                     path);
}

/* A list, or one text with commas; "" if it is not set. */
static enum status get_list(const struct yaml_node *root, const char *key, struct buf *ret,
                            const char *path, struct error *err)
{
    const struct yaml_node *list = yaml_get(root, key);

    if (list != NULL && list->kind == YAML_SEQUENCE) {
        for (uint32_t i = 0; i < list->count; i++) {
            buf_add_text(ret, i > 0 ? "," : "");
            buf_add_slice(ret, list->items[i]->text);
        }
    } else if (list != NULL) {
        buf_add_slice(ret, list->text);
    }
    return buf_check(ret, err) == STATUS_OK
               ? STATUS_OK
               : ERROR_SET(err, STATUS_INVALID, "%s: '%s' is too long", path, key);
}

static enum status set_hosts(struct config *config, const struct yaml_node *root,
                             const char *path, struct error *err)
{
    struct slice flag = yaml_text(root, "external_data_private", "false");
    struct buf text;

    buf_init(&text, sizeof(config->external_hosts) - 1);
    enum status status = get_list(root, "external_data_hosts", &text, path, err);
    if (status == STATUS_OK)
        (void)snprintf(config->external_hosts, sizeof(config->external_hosts), "%.*s",
                       SLICE_FMT(buf_slice(&text)));
    buf_release(&text);
    if (status == STATUS_OK && !slice_is(flag, "true") && !slice_is(flag, "false"))
        status = ERROR_SET(err, STATUS_INVALID, "%s: 'external_data_private' is true or false",
                           path);
    config->external_private = slice_is(flag, "true");
    return status;
}

static enum status set_proxies(struct config *config, const struct yaml_node *root,
                               const char *path, struct error *err)
{
    struct address_ranges *ranges = &config->trusted_proxies;
    struct slice rest, item;
    struct buf text;

    buf_init(&text, 16 * KIB);
    enum status status = get_list(root, "trusted_proxies", &text, path, err);
    rest = buf_slice(&text);
    while (status == STATUS_OK && slice_next(&rest, ',', &item)) {
        if (ranges->count == TRUSTED_PROXIES_MAX)
            status = ERROR_SET(err, STATUS_INVALID, "%s: 'trusted_proxies' has more than %u", path,
                               TRUSTED_PROXIES_MAX);
        else if (address_range_parse(slice_trim(item), &ranges->items[ranges->count], err) ==
                 STATUS_OK)
            ranges->count++;
        else
            status = error_wrap(err, "%s: 'trusted_proxies'", path);
    }
    buf_release(&text);
    return status;
}

static enum status apply(struct config *config, const struct yaml_node *root, const char *path,
                         struct error *err)
{
    enum status status = check_keys(root, path, err);

    if (status == STATUS_OK)
        status = set_number(&config->connections_max, root, "connections_max", path, err);
    if (status == STATUS_OK)
        status = set_number(&config->threads, root, "threads", path, err);
    if (status == STATUS_OK)
        status = set_cache(config, root, path, err);
    if (status == STATUS_OK)
        status = set_level(config, root, path, err);
    if (status == STATUS_OK)
        status = set_hosts(config, root, path, err);
    if (status == STATUS_OK)
        status = set_proxies(config, root, path, err);
    struct {
        const char *key;
        char *field;
        size_t size;
    } texts[] = {
        {"listen", config->listen, sizeof(config->listen)},
        {"certificate", config->certificate, sizeof(config->certificate)},
        {"key", config->key, sizeof(config->key)},
        {"geoip_database", config->geoip_database, sizeof(config->geoip_database)},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == STATUS_OK; i++)
        status = set_text(texts[i].field, texts[i].size, root, texts[i].key, path, err);
    return status;
}

/* "---" with nothing behind it. */
static bool is_nothing(const struct yaml_node *document)
{
    return document->kind == YAML_SCALAR && document->text.size == 0 && !document->quoted;
}

enum status config_read(struct config *config, const char *path, struct error *err)
{
    char text[16384];
    struct arena *arena = arena_new(16 * MIB);
    struct yaml_node **documents;
    uint32_t count = 0;
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));

    if (arena == NULL)
        status = ERROR_MEMORY(err);
    else if (size < 0)
        status = ERROR_SET(err, STATUS_IO, "cannot read the configuration '%s'", path);
    else if (size == (ssize_t)sizeof(text))
        status = ERROR_SET(err, STATUS_INVALID, "the configuration '%s' is too large", path);
    if (fd >= 0)
        (void)close(fd);
    if (status == STATUS_OK) {
        status = yaml_parse(slice_from(text, (size_t)size), arena, &documents, &count, err);
        if (status != STATUS_OK)
            (void)error_wrap(err, "%s", path);
    }
    while (status == STATUS_OK && count > 0 && is_nothing(documents[count - 1]))
        count--;
    if (status == STATUS_OK && count > 1)
        status = ERROR_SET(err, STATUS_INVALID, "%s: wants one document, more stands behind '---'",
                           path);
    if (status == STATUS_OK && count > 0)
        status = documents[0]->kind == YAML_MAPPING
                     ? apply(config, documents[0], path, err)
                     : ERROR_SET(err, STATUS_INVALID, "%s: wants lines 'name: value'", path);
    arena_free(arena);
    return status;
}

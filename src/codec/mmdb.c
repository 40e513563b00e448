/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/mmdb.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <math.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct mmdb {
    MMDB_s file;
};

enum status mmdb_open(const char *path, struct mmdb **ret, struct error *err)
{
    struct mmdb *mmdb = calloc(1, sizeof(*mmdb));

    if (mmdb == NULL)
        return ERROR_MEMORY(err);
    int code = MMDB_open(path, MMDB_MODE_MMAP, &mmdb->file);
    if (code == MMDB_SUCCESS) {
        *ret = mmdb;
        return STATUS_OK;
    }
    free(mmdb);
    if (code == MMDB_FILE_OPEN_ERROR || code == MMDB_IO_ERROR)
        return ERROR_SET(err, STATUS_IO, "cannot open the database of addresses '%s'", path);
    return ERROR_SET(err, STATUS_INVALID, "'%s' is no database of addresses: %s", path,
                     MMDB_strerror(code));
}

void mmdb_close(struct mmdb *mmdb)
{
    if (mmdb == NULL)
        return;
    MMDB_close(&mmdb->file);
    free(mmdb);
}

static bool read_address(struct slice text, struct sockaddr_storage *ret)
{
    char copy[INET6_ADDRSTRLEN];
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

    text = slice_trim(text);
    if (text.size >= sizeof(copy) || memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    memset(ret, 0, sizeof(*ret));
    ret->ss_family = AF_INET;
    if (inet_pton(AF_INET, copy, &v4->sin_addr) == 1)
        return true;
    ret->ss_family = AF_INET6;
    return inet_pton(AF_INET6, copy, &v6->sin6_addr) == 1;
}

static struct slice text_at(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;
    struct slice none = {"", 0};

    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return none;
    struct slice text = slice_from(data.utf8_string, data.data_size);
    return text_is_utf8(text) ? text : none;
}

static double degrees_at(MMDB_entry_s *entry, const char *const *path, double max)
{
    MMDB_entry_data_s data;

    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_DOUBLE || !(fabs(data.double_value) <= max))
        return NAN;
    return data.double_value;
}

bool mmdb_find(const struct mmdb *mmdb, struct slice address, struct mmdb_place *ret)
{
    static const char *const country[] = {"country", "names", "en", NULL};
    static const char *const state[] = {"subdivisions", "0", "names", "en", NULL};
    static const char *const city[] = {"city", "names", "en", NULL};
    static const char *const latitude[] = {"location", "latitude", NULL};
    static const char *const longitude[] = {"location", "longitude", NULL};
    struct sockaddr_storage storage;
    int code = MMDB_SUCCESS;

    if (!read_address(address, &storage))
        return false;
    MMDB_lookup_result_s found =
        MMDB_lookup_sockaddr(&mmdb->file, (const struct sockaddr *)&storage, &code);
    if (code != MMDB_SUCCESS || !found.found_entry)
        return false;
    *ret = (struct mmdb_place){text_at(&found.entry, country), text_at(&found.entry, state),
                               text_at(&found.entry, city),
                               degrees_at(&found.entry, latitude, 90),
                               degrees_at(&found.entry, longitude, 180)};
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/event.h"

#include "base/ip.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>

/* Of EVENTS_AT_ONCE (detect.c) events with escapes in each field. */
#define SCRATCH_BYTES_MAX (1 * MIB)
/* No escape is longer for a byte that it stands for than \u0000. */
#define ESCAPED_BYTES_MAX (6 * EVENT_FIELD_BYTES_MAX + 12)

/* As many bytes as there is room for, without a part of a character. */
static struct slice cut(struct slice text, size_t room)
{
    size_t at = 0, end = 0;

    if (text.size <= room)
        return text;
    while (at <= room) {
        end = at;
        (void)text_next_rune(text, &at);
    }
    return slice_head(text, end);
}

enum status event_decode(struct slice *text, struct arena **scratch, struct error *err)
{
    struct buf decoded;

    if (slice_find_byte(*text, '\\', 0) == SIZE_MAX)
        return STATUS_OK;
    if (*scratch == NULL)
        *scratch = arena_new(SCRATCH_BYTES_MAX);
    if (*scratch == NULL)
        return ERROR_MEMORY(err);
    buf_init(&decoded, ESCAPED_BYTES_MAX);
    json_unescape(slice_head(*text, ESCAPED_BYTES_MAX), &decoded);
    enum status status = buf_check(&decoded, err);
    if (status == STATUS_OK) {
        *text = arena_copy(*scratch, cut(buf_slice(&decoded), EVENT_FIELD_BYTES_MAX), err);
        status = text->data == NULL ? err->status : STATUS_OK;
    }
    buf_release(&decoded);
    return status;
}

static void keep(struct slice *field, struct slice value)
{
    if (field->size == 0)
        *field = value;
}

/* Dispatches on the key's length first: most keys fall out there.  True: it is one of ours. */
static bool take_field(struct slice key, struct slice value, struct event *e,
                       struct slice *client_ip, struct slice *app_id)
{
    switch (key.size) {
    case 2:
        if (!slice_is(key, "Id"))
            return false;
        e->id = value;
        return true;
    case 5:
        if (!slice_is(key, "AppId"))
            return false;
        *app_id = value;
        return true;
    case 6:
        if (!slice_is(key, "UserId"))
            return false;
        e->user = value;
        return true;
    case 8:
        if (!slice_is(key, "ClientIP"))
            return false;
        *client_ip = value;
        return true;
    case 9:
        if (slice_is(key, "Operation"))
            e->operation = value;
        else if (slice_is(key, "SessionId"))
            e->session = value;
        else
            return false;
        return true;
    case 11:
        if (slice_is(key, "ClientAppId"))
            e->app = value;
        else if (slice_is(key, "MailboxGuid"))
            keep(&e->mailbox, value);
        else
            return false;
        return true;
    case 15:
        if (slice_is(key, "ClientIPAddress"))
            e->address = value;
        else if (slice_is(key, "MailboxOwnerUPN") && value.size > 0)
            e->mailbox = value;
        else
            return false;
        return true;
    case 16:
        if (!slice_is(key, "Client_IPAddress")) /* Sentinel's spelling */
            return false;
        keep(&e->address, value);
        return true;
    default:
        return false;
    }
}

/* Long values are cut once it is known which of a record's many are asked for. */
static enum status finish_fields(struct event *e, bool escaped, struct arena **scratch,
                                 struct error *err)
{
    struct slice *const fields[] = {&e->id,  &e->user,    &e->operation, &e->session,
                                    &e->app, &e->mailbox, &e->address};
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (escaped)
            status = event_decode(fields[i], scratch, err);
        *fields[i] = cut(*fields[i], EVENT_FIELD_BYTES_MAX);
    }
    return status;
}

enum status event_from_record(const struct record *record, struct arena **scratch,
                              struct event *ret, struct error *err)
{
    struct slice client_ip = {NULL, 0}, app_id = {NULL, 0};
    const struct json_token *tokens = record->tokens;
    bool escaped = false; /* the record has escapes in what is read of it */

    *ret = (struct event){
        .time = record->event_time, .seq = record->seq,
        .is_undated = (record->flags & (RECORD_QUARANTINED | RECORD_TIME_BAD |
                                        RECORD_TIME_MISSING)) != 0,
    };
    if (record->token_count == 0 || tokens[0].kind != JSON_OBJECT)
        return STATUS_OK;
    for (uint32_t i = 1; i < tokens[0].next; i = tokens[i + 1].next) {
        if (tokens[i + 1].kind == JSON_STRING &&
            take_field(json_text(record->raw, &tokens[i]), json_text(record->raw, &tokens[i + 1]),
                       ret, &client_ip, &app_id))
            escaped = escaped || tokens[i + 1].escaped != 0;
    }
    keep(&ret->address, client_ip);
    keep(&ret->app, app_id);
    if (finish_fields(ret, escaped, scratch, err) != STATUS_OK)
        return err->status;
    ret->address = ip_bare(ret->address);
    ret->is_mail_access = slice_is(ret->operation, "MailItemsAccessed") && ret->mailbox.size > 0 &&
                          ret->app.size > 0;
    ret->is_sign_in = slice_is(ret->operation, "UserLoggedIn");
    ret->is_refused = slice_is(ret->operation, "UserLoginFailed");
    return STATUS_OK;
}

static char *put_decimal(char *at, uint8_t value)
{
    if (value >= 100)
        *at++ = (char)('0' + value / 100);
    if (value >= 10)
        *at++ = (char)('0' + value / 10 % 10);
    *at++ = (char)('0' + value % 10);
    return at;
}

/* Asked for each event: snprintf() would be a fifth of its cost. */
static struct slice network_of_four(const uint8_t ip[IP_BYTES], char ret[NETWORK_BYTES])
{
    static const char rest[] = ".0.0/16";
    char *at = put_decimal(ret, ip[12]);

    *at++ = '.';
    at = put_decimal(at, ip[13]);
    memcpy(at, rest, sizeof(rest));
    return slice_from(ret, (size_t)(at - ret) + sizeof(rest) - 1);
}

struct slice event_network(struct slice address, char ret[NETWORK_BYTES])
{
    uint8_t ip[IP_BYTES];

    if (!ip_parse(address, ip))
        return cut(address, NETWORK_BYTES - 1);
    if (ip_is_four(ip))
        return network_of_four(ip, ret);
    int size = snprintf(ret, NETWORK_BYTES, "%x:%x::/32", (unsigned)ip[0] << 8 | ip[1],
                        (unsigned)ip[2] << 8 | ip[3]);
    return slice_from(ret, (size_t)size);
}

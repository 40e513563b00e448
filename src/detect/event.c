/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/event.h"

#include "base/ip.h"
#include "base/text.h"

#include <stdio.h>

/* As many bytes as there is room for, without a part of an escape or of a character. */
static struct slice cut(struct slice text, size_t room)
{
    size_t at = 0, end = 0;

    if (text.size <= room)
        return text;
    while (at <= room) {
        end = at;
        if (text.data[at] == '\\')
            at += at + 1 < text.size && text.data[at + 1] == 'u' ? 6 : 2;
        else
            (void)text_next_rune(text, &at);
    }
    return slice_head(text, end);
}

static void keep(struct slice *field, struct slice value)
{
    if (field->size == 0)
        *field = value;
}

/* Dispatches on the key's length first: most keys fall out there. */
static void take_field(struct slice key, struct slice value, struct event *e,
                       struct slice *client_ip, struct slice *app_id)
{
    switch (key.size) {
    case 2:
        if (slice_is(key, "Id"))
            e->id = value;
        return;
    case 5:
        if (slice_is(key, "AppId"))
            *app_id = value;
        return;
    case 6:
        if (slice_is(key, "UserId"))
            e->user = value;
        return;
    case 8:
        if (slice_is(key, "ClientIP"))
            *client_ip = value;
        return;
    case 9:
        if (slice_is(key, "Operation"))
            e->operation = value;
        else if (slice_is(key, "SessionId"))
            e->session = value;
        return;
    case 11:
        if (slice_is(key, "ClientAppId"))
            e->app = value;
        else if (slice_is(key, "MailboxGuid"))
            keep(&e->mailbox, value);
        return;
    case 15:
        if (slice_is(key, "ClientIPAddress"))
            e->address = value;
        else if (slice_is(key, "MailboxOwnerUPN") && value.size > 0)
            e->mailbox = value;
        return;
    case 16:
        if (slice_is(key, "Client_IPAddress")) /* Sentinel's spelling */
            keep(&e->address, value);
        return;
    default:
        return;
    }
}

/* Long values are cut once it is known which of a record's many are asked for. */
static void cut_fields(struct event *e)
{
    struct slice *const fields[] = {&e->id,  &e->user,    &e->operation, &e->session,
                                    &e->app, &e->mailbox, &e->address};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        *fields[i] = cut(*fields[i], EVENT_FIELD_BYTES_MAX);
}

void event_from_record(const struct record *record, struct event *ret)
{
    struct slice client_ip = {NULL, 0}, app_id = {NULL, 0};
    const struct json_token *tokens = record->tokens;

    *ret = (struct event){
        .time = record->event_time, .seq = record->seq,
        .is_undated = (record->flags & (RECORD_QUARANTINED | RECORD_TIME_BAD |
                                        RECORD_TIME_MISSING)) != 0,
    };
    if (record->token_count == 0 || tokens[0].kind != JSON_OBJECT)
        return;
    for (uint32_t i = 1; i < tokens[0].next; i = tokens[i + 1].next) {
        if (tokens[i + 1].kind == JSON_STRING)
            take_field(json_text(record->raw, &tokens[i]),
                       json_text(record->raw, &tokens[i + 1]), ret, &client_ip, &app_id);
    }
    keep(&ret->address, client_ip);
    keep(&ret->app, app_id);
    cut_fields(ret);
    ret->address = ip_bare(ret->address);
    ret->is_mail_access = slice_is(ret->operation, "MailItemsAccessed") && ret->mailbox.size > 0 &&
                          ret->app.size > 0;
    ret->is_sign_in = slice_is(ret->operation, "UserLoggedIn");
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

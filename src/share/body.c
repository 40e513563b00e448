/* SPDX-License-Identifier: Apache-2.0 */
/* What requests say in JSON. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

/* How many tokens the tape of a text gets at most: each but the first stands behind one of these
 * bytes.  Looked at before there is a tape, whose tokens take 16 bytes, of as little as two. */
static size_t count_tokens(struct slice text)
{
    bool in_string = false;
    size_t count = 1;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"')
            in_string = !in_string;
        else if (c == '\\' && in_string)
            i++;
        else if (!in_string)
            count += c == ',' || c == ':' || c == '[' || c == '{';
    }
    return count;
}

static enum status parse(const struct http_request *request, struct body *ret, struct error *err)
{
    ret->text = request->body;
    if (count_tokens(ret->text) > BODY_TOKENS_MAX)
        return ERROR_SET(err, STATUS_LIMIT, "the body has more than %u values", BODY_TOKENS_MAX);
    enum json_result result = json_parse(ret->text, JSON_DEPTH_MAX, &ret->tape);
    if (result == JSON_NO_MEMORY)
        return ERROR_MEMORY(err);
    if (result != JSON_OK)
        return ERROR_SET(err, STATUS_INVALID, "the body %s (at byte %u)", json_result_text(result),
                         ret->tape.error_offset);
    if (ret->tape.tokens[0].kind != JSON_OBJECT)
        return ERROR_SET(err, STATUS_INVALID, "the body must be a JSON object");
    return STATUS_OK;
}

enum status share_body_names(const struct body *body, uint32_t object, const char *names,
                             struct error *err)
{
    const struct json_token *tokens = body->tape.tokens;
    enum status status = STATUS_OK;
    struct buf scratch;

    buf_init(&scratch, REQUEST_BODY_BYTES_MAX);
    for (uint32_t i = object + 1; i < tokens[object].next && status == STATUS_OK;
         i = tokens[i + 1].next)
        status = text_check_name(json_plain(json_text(body->text, &tokens[i]), &scratch), names,
                                 "member", err);
    buf_release(&scratch);
    return status;
}

enum status share_body(const struct http_request *request, const char *names, struct body *ret,
                       struct error *err)
{
    json_tape_init(&ret->tape);
    enum status status = parse(request, ret, err);
    if (status == STATUS_OK && names != NULL)
        status = share_body_names(ret, 0, names, err);
    if (status != STATUS_OK)
        json_tape_release(&ret->tape);
    return status;
}

void share_body_release(struct body *body)
{
    json_tape_release(&body->tape);
}

enum status share_body_value(const struct body *body, uint32_t token, struct arena *arena,
                             struct slice *ret, struct error *err)
{
    struct slice text = json_text(body->text, &body->tape.tokens[token]);
    struct buf decoded;

    buf_init(&decoded, REQUEST_BODY_BYTES_MAX);
    if (body->tape.tokens[token].kind == JSON_STRING)
        json_unescape(text, &decoded);
    else
        buf_add_slice(&decoded, text);
    *ret = arena_copy(arena, buf_slice(&decoded), err);
    buf_release(&decoded);
    return ret->data == NULL ? err->status : STATUS_OK;
}

enum status share_body_text(const struct body *body, const char *key, struct arena *arena,
                            struct slice *ret, struct error *err)
{
    uint32_t token = json_member(body->text, body->tape.tokens, 0, slice_of(key));

    *ret = (struct slice){"", 0};
    if (token == UINT32_MAX || body->tape.tokens[token].kind == JSON_NULL)
        return STATUS_OK;
    if (body->tape.tokens[token].kind != JSON_STRING)
        return ERROR_SET(err, STATUS_INVALID, "'%s' must be a string", key);
    return share_body_value(body, token, arena, ret, err);
}

enum status share_body_given(const struct body *body, const char *key, struct arena *arena,
                             struct slice *ret, struct error *err)
{
    enum status status = share_body_text(body, key, arena, ret, err);
    uint32_t token = json_member(body->text, body->tape.tokens, 0, slice_of(key));

    if (status == STATUS_OK && ret->size == 0 && token != UINT32_MAX &&
        body->tape.tokens[token].kind != JSON_NULL)
        status = ERROR_SET(err, STATUS_INVALID, "'%s' is empty; leave it out", key);
    return status;
}

enum status share_parse_time(const char *key, struct slice text, int64_t *ret, struct error *err)
{
    if (text.size > 0 && !time_parse_iso(text, ret))
        return ERROR_SET(err, STATUS_INVALID, "'%s' wants a time such as 2024-02-17T17:12:03Z",
                         key);
    return STATUS_OK;
}

enum status share_body_time(const struct body *body, const char *key, struct arena *arena,
                            int64_t *ret, struct error *err)
{
    struct slice text;
    enum status status = share_body_given(body, key, arena, &text, err);

    return status == STATUS_OK ? share_parse_time(key, text, ret, err) : status;
}

enum status share_body_flag(const struct body *body, const char *key, bool *ret,
                            struct error *err)
{
    uint32_t token = json_member(body->text, body->tape.tokens, 0, slice_of(key));
    enum json_kind kind = token == UINT32_MAX ? JSON_NULL : body->tape.tokens[token].kind;

    if (kind != JSON_TRUE && kind != JSON_FALSE && kind != JSON_NULL)
        return ERROR_SET(err, STATUS_INVALID, "'%s' must be true or false", key);
    if (token != UINT32_MAX)
        *ret = kind == JSON_TRUE;
    return STATUS_OK;
}

enum status share_query_flag(const struct http_request *request, const char *key, bool *ret,
                             struct error *err)
{
    struct slice text = http_query(request, key);

    *ret = slice_is(text, "1");
    return *ret || text.size == 0 || slice_is(text, "0")
               ? STATUS_OK
               : ERROR_SET(err, STATUS_INVALID, "'%s' must be 1 or 0", key);
}

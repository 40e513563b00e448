/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/raw?tenant=&from-seq=&count=&zero=
 *
 * Where records are lost those that are there are sent, and the answer is cut off, so that
 * nobody takes it for all; which lack stands in a header, as behind records there is no place
 * for it. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FLUSH_BYTES (256 * KIB)

struct raw_writer {
    struct http_response *response;
    const struct http_request *request;
    char end;
    bool is_cut; /* it was stopped before its end, which is no error of store_raw() */
};

static enum status each(void *context, uint64_t seq, struct slice raw, struct error *err)
{
    struct raw_writer *w = context;
    struct buf *out = &w->response->body;

    (void)seq;
    if (w->request->cancelled != NULL && atomic_load(w->request->cancelled)) {
        w->is_cut = true;
        return ERROR_SET(err, STATUS_CANCELLED, "it is not wanted any more");
    }
    buf_add_slice(out, raw);
    buf_add_byte(out, w->end);
    enum status status = http_flush(w->response, FLUSH_BYTES, err);
    w->is_cut = status == STATUS_CANCELLED;
    return status;
}

static enum status send(struct share *share, const struct reach *reach, uint64_t from,
                        uint64_t count, struct raw_writer *w, struct error *err)
{
    struct http_response *response = w->response;
    struct error lost = {0};
    char text[ERROR_TEXT_BYTES];

    if (store_check_lost(share->services.store, &reach->tenants[0], from, count, &lost) !=
        STATUS_OK) {
        struct slice header = arena_copy(w->request->arena, slice_of(lost.text), err);
        if (header.data == NULL)
            return err->status;
        http_add_header(response, HTTP_INCOMPLETE, header);
    }
    response->content_type = "application/octet-stream";
    enum status status =
        store_raw(share->services.store, &reach->tenants[0], from, count, each, w, err);
    if (status == STATUS_OK && w->is_cut)
        return ERROR_SET(err, STATUS_CANCELLED, "it was stopped before its end");
    bool is_unread = status == STATUS_IO && strcmp(err->code, SCAN_SECTION_UNREADABLE) == 0;
    if (status == STATUS_OK || (!is_unread && strcmp(err->code, SCAN_RECORDS_LOST) != 0))
        return status;
    (void)snprintf(text, sizeof(text), "%s", err->text);
    if (response->body.size > 0 && response->flush != NULL)
        (void)response->flush(response, err); /* or the error takes their place */
    if (is_unread) {
        errno = 0; /* the text has it */
        (void)ERROR_SET(err, STATUS_IO, "%s", text);
        return error_code(err, SCAN_SECTION_UNREADABLE);
    }
    (void)ERROR_SET(err, STATUS_CORRUPT, "%s; 'daybook loss list' says what is known of them",
                    text);
    return error_code(err, SCAN_RECORDS_LOST);
}

enum status share_raw(void *context, const struct http_request *request,
                      struct http_response *response, struct error *err)
{
    struct share *share = context;
    struct raw_writer w = {response, request, '\n', false};
    struct reach reach;
    uint64_t from, count;
    char what[96];

    if (!text_parse_u64(http_query(request, "from-seq"), &from) ||
        !text_parse_u64(http_query(request, "count"), &count))
        return ERROR_SET(err, STATUS_INVALID, "'from-seq' and 'count' must be numbers");
    bool zero = false;
    enum status status = share_query_flag(request, "zero", &zero, err);
    w.end = zero ? '\0' : '\n';
    if (status == STATUS_OK)
        status = share_reach(share, request, http_query(request, "tenant"), false, &reach, err);
    if (status != STATUS_OK)
        return status;
    (void)snprintf(what, sizeof(what), "raw from %llu count %llu", (unsigned long long)from,
                   (unsigned long long)count);
    struct audit_action action = {"AuditExport", slice_of(what), request, reach.tenants,
                                  reach.count, {"", 0}};
    status = self_audit_put(share->audit, &action, err);
    /* What it reads stays in memory until the reader has it. */
    if (status == STATUS_OK)
        status = share_enter(&share->exports, request, &reach, err);
    if (status != STATUS_OK)
        return status;
    status = send(share, &reach, from, count, &w, err);
    share_leave(&share->exports, request, &reach);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an editor of queries asks for: POST /v1/query/format. */
#include "share/share_priv.h"

#include "base/limits.h"
#include "base/text.h"

/* {"query"} gives {"query"}: it touches no tenant, so nothing is recorded. */
enum status share_query_format(void *context, const struct http_request *request,
                               struct http_response *response, struct error *err)
{
    struct slice text;
    struct body body;
    struct buf laid_out;
    enum status status = share_body(request, &body, err);

    (void)context;
    if (status != STATUS_OK)
        return status;
    buf_init(&laid_out, 16 * QUERY_TEXT_BYTES_MAX);
    status = share_body_text(&body, "query", request->arena, &text, err);
    if (status == STATUS_OK) {
        if (query_format(text, &laid_out, err) == STATUS_OK) {
            buf_add_text(&response->body, "{\"query\":");
            text_add_json_string(&response->body, buf_slice(&laid_out));
            buf_add_text(&response->body, "}\n");
            status = buf_check(&response->body, err);
        } else {
            http_error_phase(response, request, err, query_phase_name(QUERY_PHASE_PARSE));
        }
    }
    buf_release(&laid_out);
    share_body_release(&body);
    return status;
}

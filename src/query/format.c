/* SPDX-License-Identifier: Apache-2.0 */
/* format.c - values as JSON and as text, as query.h promises. */
#include "query/query.h"
#include "query/fn_priv.h"
#include "table/dynamic.h"

#include "base/text.h"

#include <math.h>

static void add_quoted(struct buf *buf, struct slice text)
{
    struct value v = {.type = TYPE_STRING, .bytes = text};
    dynamic_add_value(buf, &v);
}

static void add_scalar(struct buf *buf, const struct value *v, bool quoted)
{
    char text[64];
    const char *quote = quoted ? "\"" : "";

    switch (v->type) {
    case TYPE_BOOL:
        buf_add_text(buf, v->boolean ? "true" : "false");
        return;
    case TYPE_INT:
    case TYPE_LONG:
        buf_add_i64(buf, v->integer);
        return;
    case TYPE_REAL:
        if (v->real != v->real || isinf(v->real))
            buf_add_text(buf, quote);
        text_add_double(buf, v->real);
        if (v->real != v->real || isinf(v->real))
            buf_add_text(buf, quote);
        return;
    case TYPE_DATETIME:
        time_format_iso(v->integer, text);
        break;
    case TYPE_GUID:
        guid_format(&v->guid, text);
        break;
    case TYPE_TIMESPAN:
        buf_add_text(buf, quote);
        time_format_span(v->integer, buf);
        buf_add_text(buf, quote);
        return;
    case TYPE_DECIMAL:
        buf_add_text(buf, quote);
        buf_add_slice(buf, v->bytes);
        buf_add_text(buf, quote);
        return;
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_COUNT_:
        return;
    }
    buf_add_text(buf, quote);
    buf_add_text(buf, text);
    buf_add_text(buf, quote);
}

void query_add_json(struct buf *buf, const struct value *v)
{
    if (v->type == TYPE_STRING)
        add_quoted(buf, v->bytes);
    else if (v->is_null || (v->type == TYPE_DYNAMIC && dynamic_is_null(v->bytes)))
        buf_add_text(buf, "null");
    else if (v->type == TYPE_DYNAMIC)
        buf_add_slice(buf, v->bytes);
    else
        add_scalar(buf, v, true);
}

void query_add_cell(struct buf *buf, const struct vector *column, uint32_t row)
{
    uint32_t at = vector_index(column, row);

    if (column->type == TYPE_STRING) { /* most cells are texts or null */
        text_add_json_string(buf, column->slices[at]);
    } else if (column->nulls != NULL && column->nulls[at] != 0) {
        buf_add(buf, "null", 4);
    } else if (column->type == TYPE_LONG || column->type == TYPE_INT) {
        buf_add_i64(buf, column->integers[at]);
    } else {
        struct value value = vector_element(column, at);
        query_add_json(buf, &value);
    }
}

void query_add_text(struct buf *buf, const struct value *v)
{
    if (v->type == TYPE_STRING)
        buf_add_slice(buf, v->bytes);
    else if (v->is_null || (v->type == TYPE_DYNAMIC && dynamic_is_null(v->bytes)))
        return;
    else if (v->type == TYPE_DYNAMIC)
        buf_add_slice(buf, v->bytes);
    else
        add_scalar(buf, v, false);
}

static void add_time(struct buf *out, const char *name, int64_t ticks)
{
    char text[TIME_TEXT_BYTES + 1];

    time_format_iso(ticks, text);
    buf_add_format(out, ",\"%s\":\"%s\"", name, text);
}

void query_add_complete(struct buf *buf, const struct scan_stats *scan)
{
    buf_add_format(buf, ",\"complete\":%s", scan->complete ? "true" : "false");
    if (!scan->complete) {
        buf_add_text(buf, ",\"gap\":");
        text_add_json_string(buf, slice_of(scan->gap));
        buf_add_format(buf, ",\"gap_code\":\"%s\"", scan->gap_code == NULL ? "" : scan->gap_code);
    }
}

void query_add_coverage(struct buf *buf, const struct query_stats *stats)
{
    const struct scan_stats *scan = &stats->scan;

    query_add_complete(buf, scan);
    buf_add_format(buf,
                   ",\"watermark\":%llu,\"scanned\":{\"rows\":%llu,\"parts\":%llu,"
                   "\"parts_skipped\":%llu,\"bytes\":%llu",
                   (unsigned long long)scan->watermark, (unsigned long long)scan->rows_scanned,
                   (unsigned long long)scan->parts_scanned,
                   (unsigned long long)scan->parts_skipped, (unsigned long long)scan->bytes_read);
    if (scan->time_low <= scan->time_high && scan->rows_scanned > 0) {
        add_time(buf, "from", scan->time_low);
        add_time(buf, "to", scan->time_high);
    }
    buf_add_byte(buf, '}');
}

void query_add_warnings(struct buf *buf, const struct query_stats *stats)
{
    if (stats->warning_count > 0)
        buf_add_text(buf, ",\"warnings\":[");
    for (uint32_t i = 0; i < stats->warning_count; i++) {
        const struct query_warning *w = &stats->warnings[i];
        buf_add_format(buf, "%s{\"line\":%u,\"column\":%u,\"code\":\"%s\",\"message\":",
                       i > 0 ? "," : "", w->line, w->column, w->code);
        text_add_json_string(buf, slice_of(w->text));
        buf_add_byte(buf, '}');
    }
    if (stats->warning_count > 0)
        buf_add_byte(buf, ']');
}

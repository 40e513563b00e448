/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kql_text.c - any text as the argument of the functions that read texts.
 *
 *   expression of x | line feed | the text x
 *
 * An expression that begins with `=` must be true or null whatever x is; `@@` in it is the
 * text as it stands, for literals.  All cells of an answer are JSON. */
#include "query/query.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "codec/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
/* libFuzzer's own, by bytes; absent where a corpus is only replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static const char *const EXPRESSIONS[] = {
    "=todatetime(tostring(todatetime(x))) == todatetime(x)",
    "=totimespan(tostring(totimespan(x))) == totimespan(x)",
    "=tolong(tostring(tolong(x))) == tolong(x)",
    "=toint(tostring(toint(x))) == toint(x)",
    "=isnan(todouble(x)) or todouble(tostring(todouble(x))) == todouble(x)",
    "=todecimal(tostring(todecimal(x))) == todecimal(x)",
    "=toguid(tostring(toguid(x))) == toguid(x)",
    "=tobool(tostring(tobool(x))) == tobool(x)",
    "=tostring(parse_json(tostring(parse_json(x)))) == tostring(parse_json(x))",
    "=dynamic_to_json(parse_json(dynamic_to_json(parse_json(x)))) == dynamic_to_json(todynamic(x))",
    "=base64_decode_tostring(base64_encode_tostring(x)) == x",
    "=url_decode(url_encode(x)) == x",
    "=url_decode(url_encode_component(x)) == x",
    "=reverse(reverse(x)) == x and strlen(reverse(x)) == strlen(x)",
    "=strcat_array(split(x, ','), ',') == x",
    "=strcat_array(split(x, 'ab'), 'ab') == x",
    "=gzip_decompress_from_base64_string(gzip_compress_to_base64_string(x)) == x",
    "=zlib_decompress_from_base64_string(zlib_compress_to_base64_string(x)) == x",
    "=parse_ipv4(format_ipv4(parse_ipv4(x))) == parse_ipv4(x)",
    "=parse_ipv6(parse_ipv6(x)) == parse_ipv6(x)",
    "=unicode_codepoints_to_string(unicode_codepoints_from_string(x)) == x",
    "=indexof(x, x) == 0 and x startswith_cs x and x endswith_cs x and x contains_cs x",
    "=x =~ x and x =~ toupper(x) == (tolower(x) =~ toupper(x))",
    "=replace_string(x, 'a', 'a') == x and replace_regex(x, 'q', 'q') == x",
    "=extract(@'(?s)^(.*)$', 1, x) == x",
    "=x matches regex regex_quote(x)",
    "=substring(x, 0, strlen(x)) == x and strcat(substring(x, 0, 3), substring(x, 3)) == x",
    "=string_size(x) >= strlen(x) and isutf8(x)",
    "=tolong(strcat('0x', tohex(tolong(x)))) == tolong(x)",
    "=strrep(x, 2, ',') == strcat(x, ',', x)",
    /* blanks alone are no value */
    ("=tostring(dynamic(@@)) matches regex @'^[ \\t\\r\\n]+$' or "
     "tostring(dynamic(@@)) == tostring(parse_json(tostring(dynamic(@@))))"),
    "=datetime(@@) == todatetime(tostring(datetime(@@)))",
    "=time(@@) == totimespan(tostring(time(@@)))",
    "=isnan(real(@@)) or real(@@) == toreal(tostring(real(@@)))",
    "=decimal(@@) == todecimal(tostring(decimal(@@)))",
    "long(@@)", "guid(@@)", "@@", "@'@@'", "h\"@@\"",
    "parse_xml(x)", "parse_url(x)", "parse_urlquery(x)", "parse_csv(x)", "parse_path(x)",
    "parse_user_agent(x, dynamic(['browser','os','device']))", "parse_version(x)",
    "parse_command_line(x, 'windows')", "parse_ipv6_mask(x, 100)", "parse_ipv4_mask(x, 20)",
    "ipv4_is_in_range('10.1.2.3', x)", "ipv6_is_in_range('fe80::1', x)", "has_ipv4(x, '10.0.0.1')",
    "has_any_ipv4_prefix(x, '10.')", "ipv4_range_to_cidr_list(x, x)",
    "ipv4_compare(x, '1.2.3.4', 24)",
    "format_datetime(datetime(2026-01-02 03:04:05.678), x)",
    "format_timespan(time(1.02:03:04.5), x)",
    "extract(x, 0, 'alice 10.0.0.1')", "extract_all(x, 'k=1 k=2')",
    "replace_regex('a1b22', x, 'z')",
    "replace_regex('a1b22', '([0-9])', x)", "extract_json(x, '{\"a\":[1,{\"b\":2}]}')",
    "extract_json('$.a[0]', x)", "base64_decode_tostring(x)", "base64_decode_toarray(x)",
    "base64_decode_toguid(x)", "gzip_decompress_from_base64_string(x)",
    "zlib_decompress_from_base64_string(x)", "url_decode(x)", "punycode_to_string(x)",
    "trim(x, 'alice')", "trim(@'[a-z ]+', x)", "translate('abc', x, x)",
    "indexof_regex(x, '[0-9]+')",
    "hash_sha256(x)", "hash_xxhash64(x)", "datetime_utc_to_local(datetime(2026-07-01), x)",
    "datetime_add(x, 3, datetime(2026-01-31))", "make_datetime(x)", "geo_from_wkt(x)",
    "geo_polygon_area(parse_json(x))", "geo_geohash_to_central_point(x)",
    "geo_h3cell_to_central_point(x)", "geo_s2cell_to_central_point(x)", "treepath(parse_json(x))",
    "array_sort_asc(parse_json(x))", "bag_merge(parse_json(x), parse_json(x))",
    "series_stats_dynamic(parse_json(x))", "array_sum(parse_json(x))", "zip(parse_json(x), x)",
    "percentile_tdigest(parse_json(x), 50)", "dcount_hll(parse_json(x))", "todynamic(x).a[0].b",
    "set_union(parse_json(x), parse_json(x))", "x has x and x hasprefix 'a' and x has_any (x, 'b')",
    "countof(x, 'a')", "countof(x, '[a-z]', 'regex')", "hash_md5(x)", "tohex(tolong(x), 8)",
    "array_split(parse_json(x), parse_json(x))", "jaccard_index(parse_json(x), parse_json(x))",
    "series_decompose(parse_json(x))", "series_fit_poly(parse_json(x))",
    "array_concat(parse_json(x), split(x, ' '))", "format_bytes(todouble(x))", "strcmp(x, 'abc')",
};
#define COUNT (sizeof(EXPRESSIONS) / sizeof(EXPRESSIONS[0]))

struct sink {
    struct query_sink sink; /* first */
    bool is_law;
};

static enum status rows(struct query_sink *sink, const struct batch *batch, struct error *err)
{
    bool is_law = ((struct sink *)sink)->is_law;
    struct json_tape tape;
    struct buf buf;

    (void)err;
    json_tape_init(&tape);
    buf_init(&buf, 64 * MIB);
    for (uint32_t c = 0; c < batch->column_count && batch->row_count > 0; c++) {
        struct value v = vector_value(&batch->columns[c], 0);
        buf_clear(&buf);
        query_add_json(&buf, &v);
        CHECK(!buf.failed);
        CHECK(json_parse(buf_slice(&buf), 16 * JSON_DEPTH_MAX, &tape) == JSON_OK);
        CHECK(!is_law || v.is_null || (v.type == TYPE_BOOL && v.boolean));
    }
    buf_release(&buf);
    json_tape_release(&tape);
    return STATUS_OK;
}

static void add_expression(struct buf *buf, struct slice form, struct slice text)
{
    for (;;) {
        size_t at = slice_find(form, SLICE("@@"), 0);
        if (at == SIZE_MAX)
            break;
        buf_add_slice(buf, slice_head(form, at));
        buf_add_slice(buf, text);
        form = slice_tail(form, at + 2);
    }
    buf_add_slice(buf, form);
}

/* A comment in a text that stands in the query itself may hide the comparison. */
static bool may_end_equation(struct slice form, struct slice text)
{
    return slice_find(form, SLICE("@@"), 0) != SIZE_MAX &&
           (slice_find(text, SLICE("//"), 0) != SIZE_MAX ||
            slice_find(text, SLICE("\n#"), 0) != SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size), form;
    struct query_parameter parameter = {.name = SLICE("x")};
    struct sink sink = {.sink = {.rows = rows}};
    struct query_stats stats;
    struct error err = {0};
    struct buf query;

    if (!text_is_utf8(text) || !slice_next(&text, '\n', &form) || text.data == NULL)
        return 0;
    bool is_equation = slice_starts_with(form, SLICE("="));
    sink.is_law = is_equation && !may_end_equation(form, text);
    buf_init(&query, MIB);
    buf_add_text(&query, "declare query_parameters(x:string); print v = ");
    add_expression(&query, slice_tail(form, is_equation), text);
    parameter.text = text;
    struct query_request request = {.text = buf_slice(&query),
                                    .parameters = &parameter,
                                    .parameter_count = 1,
                                    .memory_bytes = 64 * MIB,
                                    .time_ms = 2000,
                                    .now = TICKS_UNIX_EPOCH + 20460 * TICKS_PER_DAY};
    CHECK(query_run(&request, &sink.sink, &stats, &err) == STATUS_OK || err.text[0] != '\0');
    buf_release(&query);
    return 0;
}

/* Now and then another expression, else another text. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct slice text = slice_from((const char *)data, size), form;
    const char *other = EXPRESSIONS[seed / 8 % COUNT];
    uint8_t *copy = malloc(max_size + 1);
    size_t head, kept;

    if (copy == NULL || !slice_next(&text, '\n', &form) || text.data == NULL) {
        free(copy);
        head = strlen(other);
        if (head + 2 > max_size)
            return 0;
        memcpy(data, other, head);
        memcpy(data + head, "\n1", 2);
        return head + 2;
    }
    if (seed % 8 == 0)
        form = slice_of(other);
    kept = text.size;
    memcpy(copy, text.data, kept);
    head = form.size + 1;
    if (head >= max_size) {
        free(copy);
        return size;
    }
    memmove(data, form.data, form.size);
    data[form.size] = '\n';
    if (kept > max_size - head)
        kept = max_size - head;
    memcpy(data + head, copy, kept);
    free(copy);
    if (seed % 8 != 0 && LLVMFuzzerMutate != NULL)
        kept = LLVMFuzzerMutate(data + head, kept, max_size - head);
    return head + kept;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* kql_table.c - see kql_table.h: two batches of rows, flat and as dictionaries. */
#include "kql_table.h"

#include "base/check.h"
#include "base/time.h"

#define ROWS 26u
#define BATCH_ROWS 14u

#define FIELD(name, type) {{name, sizeof(name) - 1}, type}
static const struct column FIELDS[] = {
    FIELD("l", TYPE_LONG), FIELD("i", TYPE_INT), FIELD("r", TYPE_REAL), FIELD("s", TYPE_STRING),
    FIELD("s2", TYPE_STRING), FIELD("d", TYPE_DYNAMIC), FIELD("d2", TYPE_DYNAMIC),
    FIELD("t", TYPE_DATETIME), FIELD("p", TYPE_TIMESPAN), FIELD("b", TYPE_BOOL),
    FIELD("g", TYPE_GUID), FIELD("m", TYPE_DECIMAL), FIELD("TimeGenerated", TYPE_DATETIME)};
#define FIELD_COUNT (sizeof(FIELDS) / sizeof(FIELDS[0]))

static const char *const WORDS[] = {
    "alice", "Alice Smith", "", "10.0.0.1", "a=1;b=2;c=\"x;y\"", "https://a.example/p?q=1#f",
    "z\xc3\xbcrich \xf0\x9f\x90\x9f", "[1,2,{\"a\":\"b\"}]", "2026-01-02T03:04:05Z", "k=7 n=x",
    "<a b=\"1\"><c>t</c></a>", "x,\"y\"\"z\",", "1.5", "bob@example.com\ttab"};
static const char *const BAGS[] = {
    "{\"a\":1,\"b\":{\"c\":[1,2]}}", "[1,null,\"three\",4.5]", "[]", "{}", "\"text\"", "17",
    "{ \"a\":\"alice\",\r\n\t\"k\" : [{\"x\":1},\n{\"x\":2}]}", "true", "[3,1,2]",
    "[0.5,2.5,-1.5,8]"};
static const char *const DECIMALS[] = {"0.1", "-3", "9999999999999999999999999999999999", "1e-20"};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct value cell(uint32_t field, uint32_t row)
{
    struct value v = {.type = FIELDS[field].type};

    v.is_null = v.type != TYPE_STRING && field != FIELD_COUNT - 1 && (row + field) % 7 == 0;
    if (v.is_null)
        return v;
    switch (v.type) {
    case TYPE_BOOL:
        v.boolean = row % 3 == 0;
        break;
    case TYPE_INT:
        v.integer = (int64_t)(row % 4) - 1;
        break;
    case TYPE_LONG:
        v.integer = row == 25 ? INT64_MIN : row == 24 ? INT64_MAX : (int64_t)row;
        break;
    case TYPE_REAL:
        v.real = row == 20 ? 1e300 : (double)row / 4 - 2;
        break;
    case TYPE_DATETIME:
        v.integer = TICKS_UNIX_EPOCH + INT64_C(20454) * TICKS_PER_DAY +
                    (int64_t)row * 7 * TICKS_PER_HOUR;
        break;
    case TYPE_TIMESPAN:
        v.integer = ((int64_t)row - 5) * TICKS_PER_MINUTE;
        break;
    case TYPE_GUID:
        v.guid.bytes[0] = (uint8_t)(row % 5);
        break;
    case TYPE_STRING:
        v.bytes = slice_of(WORDS[row * (field + 1) % COUNT(WORDS)]);
        break;
    case TYPE_DYNAMIC:
        v.bytes = slice_of(BAGS[(row + field) % COUNT(BAGS)]);
        break;
    case TYPE_DECIMAL:
    case TYPE_COUNT_:
        v.bytes = slice_of(DECIMALS[row % COUNT(DECIMALS)]);
        break;
    }
    return v;
}

static const struct schema *table_schema(struct table_source *source)
{
    static const struct schema schema = {FIELDS, FIELD_COUNT};

    (void)source;
    return &schema;
}

/* s2 and d2 come as dictionaries: of all rows of the batch, each with its own code. */
static enum status fill(struct arena *arena, uint32_t field, uint32_t from, uint32_t rows,
                        struct vector *ret, struct error *err)
{
    bool is_dictionary = field == 4 || field == 6;
    enum status status = vector_flat(arena, FIELDS[field].type, rows,
                                     FIELDS[field].type != TYPE_STRING, ret, err);
    uint32_t *codes = ARENA_ARRAY(arena, uint32_t, rows, err);

    if (status != STATUS_OK || codes == NULL)
        return err->status;
    for (uint32_t r = 0; r < rows; r++) {
        struct value v = cell(field, from + r);
        codes[r] = r;
        if (!v.is_null)
            vector_set(ret, r, &v);
        else
            vector_nulls(ret)[r] = 1;
    }
    if (is_dictionary) {
        ret->encoding = VECTOR_DICT;
        ret->codes = codes;
        ret->dict_size = rows;
    }
    return STATUS_OK;
}

static void check_filter(const struct filter *filter)
{
    CHECK(filter->kind <= FILTER_OR);
    CHECK(filter->kind == FILTER_OR || filter->kind == FILTER_ANY_HAS ||
          filter->column < FIELD_COUNT);
    CHECK(filter->kind == FILTER_OR || filter->kind == FILTER_RANGE || filter->value_count > 0);
    for (uint32_t i = 0; i < filter->part_count && filter->kind == FILTER_OR; i++)
        check_filter(&filter->parts[i]);
}

static enum status table_scan(struct table_source *source, const struct scan_request *request,
                              struct scan_sink *sink, struct scan_stats *stats, struct error *err)
{
    bool stop = false;

    (void)source;
    stats->complete = true;
    for (uint32_t i = 0; i < request->filter_count; i++)
        check_filter(&request->filters[i]);
    for (uint32_t row = 0; row < ROWS && !stop; row += BATCH_ROWS) {
        uint32_t rows = ROWS - row < BATCH_ROWS ? ROWS - row : BATCH_ROWS;
        struct vector *columns =
            ARENA_ARRAY(request->arena, struct vector, request->column_count + 1, err);
        if (columns == NULL)
            return err->status;
        for (uint32_t c = 0; c < request->column_count; c++) {
            CHECK(request->columns[c] < FIELD_COUNT);
            if (fill(request->arena, request->columns[c], row, rows, &columns[c], err) !=
                STATUS_OK)
                return err->status;
        }
        struct batch batch = {.row_count = rows, .column_count = request->column_count,
                              .columns = columns};
        enum status status = sink->take(sink, 0, &batch, &stop, err);
        if (status != STATUS_OK)
            return status;
        stats->rows_scanned += rows;
    }
    return STATUS_OK;
}

static enum status find(void *context, struct slice name, struct table_source **ret,
                        struct error *err)
{
    static const struct table_source_ops ops = {table_schema, table_scan, NULL, NULL};
    static struct table_source source = {&ops};

    (void)context;
    if (!slice_is(name, "T"))
        return ERROR_SET(err, STATUS_NOT_FOUND, "there is only T");
    *ret = &source;
    return STATUS_OK;
}

static void name_all(void *context, void (*each)(void *arg, struct slice name), void *arg)
{
    (void)context;
    each(arg, SLICE("T"));
}

const struct query_env *kql_table_env(void)
{
    static const struct query_env env = {.table = find, .names = name_all};

    return &env;
}

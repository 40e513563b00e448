/* SPDX-License-Identifier: Apache-2.0 */
/* The table of functions, and families through bind() and eval() as the
 * binder calls them. */
#include "query/function.h"

#include "base/buf.h"
#include "query/literal.h"
#include "table/dynamic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARGS_MAX 8

/* One call in short: arguments are written as "l:5", "r:1.5", "s:text",
 * "y:json", "d:2020-01-01", "t:1h", "b:true", "l:" for null. */
struct call {
    const char *name;
    const char *args[ARGS_MAX];
    const char *wanted; /* the result as text; "null" */
};

static struct value value_from(struct arena *arena, const char *text)
{
    struct slice s = slice_of(text + 2);
    struct value value = {.type = TYPE_STRING, .bytes = s};
    struct error err;

    if (text[0] == 's')
        return value;
    value.is_null = s.size == 0;
    value.integer = 0;
    switch (text[0]) {
    case 'i':
    case 'l':
        value.type = text[0] == 'i' ? TYPE_INT : TYPE_LONG;
        assert_true(value.is_null || literal_long(s, &value.integer));
        break;
    case 'r':
        value.type = TYPE_REAL;
        assert_true(value.is_null || literal_real(s, &value.real));
        break;
    case 'd':
        value.type = TYPE_DATETIME;
        assert_true(value.is_null || literal_datetime(s, &value.integer));
        break;
    case 't':
        value.type = TYPE_TIMESPAN;
        assert_true(value.is_null || literal_timespan(s, &value.integer));
        break;
    case 'b':
        value.type = TYPE_BOOL;
        value.boolean = slice_is(s, "true");
        break;
    case 'y':
        value.type = TYPE_DYNAMIC;
        assert_int_equal(dynamic_parse(arena, s, &value.bytes, &err), STATUS_OK);
        break;
    default:
        fail();
    }
    return value;
}

/* Runs a call on constant or flat arguments; the text of the last row. */
static enum status run(struct arena *arena, const struct call *call, bool flat, struct slice *ret,
                       struct error *err)
{
    const struct function *function = function_find(slice_of(call->name));
    struct value values[ARGS_MAX];
    struct argument arguments[ARGS_MAX];
    struct vector vectors[ARGS_MAX];
    enum type want[ARGS_MAX];
    enum type type = TYPE_STRING;
    struct eval eval = {.arena = arena, .query_arena = arena, .now = TICKS_UNIX_EPOCH};
    struct vector result;
    struct vector text;
    uint32_t count = 0;
    uint32_t rows = flat ? 3 : 1;

    if (function == NULL)
        fail_msg("no function '%s'", call->name);
    for (; count < ARGS_MAX && call->args[count] != NULL; count++) {
        values[count] = value_from(arena, call->args[count]);
        arguments[count] =
            (struct argument){.type = values[count].type, .constant = &values[count]};
        want[count] = values[count].type;
    }
    enum status status = function->bind(arguments, count, want, &type, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        struct vector given;
        struct vector cast = {0};
        status = vector_const(arena, &values[i], rows, &given, err);
        if (status == STATUS_OK)
            status = function_cast(&eval, &given, want[i], &cast, err);
        vectors[i] = cast;
        if (status == STATUS_OK && flat)
            status = vector_flatten(arena, &cast, &vectors[i], err);
        arguments[i].type = want[i];
        if (want[i] != values[i].type)
            arguments[i].constant = NULL;
    }
    if (status == STATUS_OK && function->prepare != NULL && !flat)
        status = function->prepare(&eval, arguments, count, &eval.call_state, err);
    if (status == STATUS_OK)
        status = function->eval(&eval, vectors, count, rows, &result, err);
    if (status != STATUS_OK)
        return status;
    assert_int_equal(result.row_count, rows);
    assert_int_equal(result.type, type);
    if (type != TYPE_STRING && vector_is_null(&result, rows - 1)) {
        *ret = SLICE("null");
        return STATUS_OK;
    }
    status = function_cast(&eval, &result, TYPE_STRING, &text, err);
    if (status == STATUS_OK)
        *ret = vector_value(&text, rows - 1).bytes;
    return status;
}

static void check_calls(const struct call *calls, size_t count)
{
    unsigned failures = 0;

    for (size_t i = 0; i < count * 2; i++) {
        const struct call *call = &calls[i / 2];
        struct arena *arena = arena_new(64 * 1024 * 1024);
        struct slice text = {"", 0};
        struct error err = {.status = STATUS_OK};
        assert_non_null(arena);
        if (run(arena, call, i % 2 != 0, &text, &err) != STATUS_OK)
            text = slice_of(err.text);
        if (!slice_is(text, call->wanted)) {
            print_error("%s(%s ...) gave '%.*s' instead of '%s'\n", call->name,
                        call->args[0] == NULL ? "" : call->args[0], SLICE_FMT(text),
                        call->wanted);
            failures++;
        }
        arena_free(arena);
    }
    assert_int_equal(failures, 0);
}

#define CHECK_CALLS(calls) check_calls(calls, sizeof(calls) / sizeof((calls)[0]))

static void names_are_unique_and_found_in_any_case(void **state)
{
    uint32_t family_count;
    const struct function_family *const *families = function_families(&family_count);

    (void)state;
    for (uint32_t f = 0; f < family_count; f++) {
        for (uint32_t i = 0; i < families[f]->function_count; i++) {
            const struct function *function = &families[f]->functions[i];
            assert_ptr_equal(function_find(slice_of(function->name)), function);
            assert_true(function->bind != NULL && function->eval != NULL);
            assert_true(function->example[0] != '\0' && function->summary[0] != '\0');
        }
        for (uint32_t i = 0; i < families[f]->aggregate_count; i++) {
            const struct aggregate *aggregate = &families[f]->aggregates[i];
            assert_ptr_equal(aggregate_find(slice_of(aggregate->name)), aggregate);
            assert_true(aggregate->is_row_picker || aggregate->finish != NULL);
        }
    }
    assert_non_null(function_find(SLICE("ToString")));
    assert_null(function_find(SLICE("no_such_function")));
    assert_null(aggregate_find(SLICE("no_such_aggregate")));
}

static void conversions_give_null_for_what_does_not_convert(void **state)
{
    static const struct call calls[] = {
        {"tostring", {"l:-9223372036854775808"}, "-9223372036854775808"},
        {"tostring", {"r:1.5"}, "1.5"},
        {"tostring", {"l:"}, ""},
        {"tostring", {"d:2020-01-02"}, "2020-01-02T00:00:00.0000000Z"},
        {"tostring", {"t:25h"}, "1.01:00:00"},
        {"tostring", {"y:{\"a\": [1, 2]}"}, "{\"a\":[1,2]}"},
        {"tostring", {"y:\"a\\u0041\""}, "aA"},
        {"tolong", {"s: 12 "}, "12"},
        {"tolong", {"s:0x10"}, "16"},
        {"tolong", {"s:x"}, "null"},
        {"tolong", {"r:1e19"}, "9223372036854775807"},
        {"tolong", {"r:-9223372036854775808"}, "-9223372036854775808"},
        {"tolong", {"r:nan"}, "null"},
        {"tolong", {"y:\"7\""}, "7"},
        {"tolong", {"y:{}"}, "null"},
        {"toint", {"l:2147483648"}, "-2147483648"},
        {"toint", {"r:2.9"}, "2"},
        {"toreal", {"s:1e3"}, "1000"},
        {"tobool", {"s:TRUE"}, "True"},
        {"tobool", {"s:maybe"}, "null"},
        {"todatetime", {"s:2020-13-01"}, "null"},
        {"todatetime", {"l:-1"}, "null"},
        {"totimespan", {"s:01:30:00"}, "01:30:00"},
        {"toguid", {"s:74be27de-1e4e-49d9-b579-fe0b331d3642"},
         "74be27de-1e4e-49d9-b579-fe0b331d3642"},
        {"toguid", {"s:x"}, "null"},
        {"todecimal", {"s:1.50"}, "1.5"},
        {"parse_json", {"s:[1, 2]"}, "[1,2]"},
        {"parse_json", {"s:not json"}, "not json"},
        {"gettype", {"y:{}"}, "dictionary"},
        {"gettype", {"y:[]"}, "array"},
        {"gettype", {"y:1"}, "long"},
        {"gettype", {"y:null"}, "null"},
        {"gettype", {"r:1"}, "real"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void strings_are_counted_in_characters(void **state)
{
    static const struct call calls[] = {
        {"strlen", {"s:h\xc3\xa9llo"}, "5"},
        {"string_size", {"s:h\xc3\xa9llo"}, "6"},
        {"substring", {"s:h\xc3\xa9llo", "l:1", "l:2"}, "\xc3\xa9l"},
        {"substring", {"s:hello", "l:-2"}, "lo"},
        {"substring", {"s:hello", "l:-9223372036854775808", "l:2"}, ""},
        {"substring", {"s:hello", "l:9223372036854775807"}, ""},
        {"substring", {"s:hello", "l:1", "l:-1"}, ""},
        {"tolower", {"s:\xc3\x84" "B"}, "\xc3\xa4" "b"},
        {"toupper", {"s:\xc3\xa4" "b"}, "\xc3\x84" "B"},
        {"strcat", {"s:a", "l:1", "b:true"}, "a1True"},
        {"strcat_delim", {"s:,", "s:a", "s:", "s:b"}, "a,,b"},
        {"split", {"s:a,b,c", "s:,"}, "[\"a\",\"b\",\"c\"]"},
        {"split", {"s:a,b,c", "s:,", "l:1"}, "[\"b\"]"},
        {"split", {"s:abc", "s:"}, "[\"abc\"]"},
        {"indexof", {"s:abcabc", "s:c", "l:3"}, "5"},
        {"indexof", {"s:abc", "s:x"}, "-1"},
        {"indexof", {"s:abcdefg", "s:cde", "l:0", "l:3"}, "-1"},
        {"reverse", {"s:a\xc3\xa9" "b"}, "b\xc3\xa9" "a"},
        {"strrep", {"s:ab", "l:3", "s:-"}, "ab-ab-ab"},
        {"translate", {"s:krasp", "s:otsku", "s:spark"}, "kusto"},
        {"translate", {"s:abc", "s:x", "s:abc"}, "xxx"},
        {"replace_string", {"s:aaa", "s:aa", "s:b"}, "ba"},
        {"strcmp", {"s:b", "s:a"}, "1"},
        {"tohex", {"l:-256"}, "ffffffffffffff00"},
        {"tohex", {"i:-256", "l:8"}, "ffffff00"},
        {"tohex", {"l:256", "l:8"}, "00000100"},
        {"unicode_codepoints_to_string", {"l:75", "l:117"}, "Ku"},
        {"has_any_index", {"s:an apple", "y:[\"pear\",\"apple\"]"}, "1"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void patterns_match_in_const_and_flat_vectors(void **state)
{
    static const struct call calls[] = {
        {"extract", {"s:x=(\\d+)", "l:1", "s:a x=45 b"}, "45"},
        {"extract", {"s:x=(\\d+)", "l:2", "s:a x=45 b"}, ""},
        {"extract", {"s:x=(\\d+)", "l:1", "s:a x=45 b", "s:long"}, "45"},
        {"extract_all", {"s:(\\w)(\\d)", "s:a1 b2"}, "[[\"a\",\"1\"],[\"b\",\"2\"]]"},
        {"extract_all", {"s:(\\w)(\\d)", "y:[1]", "s:a1 b2"}, "[\"a\",\"b\"]"},
        {"extract_all", {"s:z", "s:a1 b2"}, "null"},
        {"replace_regex", {"s:Number is 1", "s:is (\\d+)", "s:was: \\1"}, "Number was: 1"},
        {"replace", {"s:x*", "s:-", "s:ab"}, "-a-b-"},
        {"trim", {"s:--", "s:--https://bing.com--"}, "https://bing.com"},
        {"trim", {"s:\\s+", "s:    Hello, world!    "}, "Hello, world!"},
        {"trim_end", {"s:[^\\w]+", "s:-  Te st1// $"}, "-  Te st1"},
        {"trim_start", {"s:https://", "s:https://bing.com"}, "bing.com"},
        {"countof", {"s:ababa", "s:aba"}, "2"},
        {"countof", {"s:ababa", "s:aba", "s:regex"}, "1"},
        {"indexof_regex", {"s:ab12", "s:[0-9]"}, "2"},
        {"extract", {"s:(", "l:1", "s:a"}, "'(' is not a regular expression: missing ): ("},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void times_are_cut_at_their_borders(void **state)
{
    static const struct call calls[] = {
        {"ago", {"t:1d"}, "1969-12-31T00:00:00.0000000Z"},
        {"bin", {"r:4.5", "l:1"}, "4"},
        {"bin", {"l:-7", "l:5"}, "-10"},
        {"bin", {"l:-9223372036854775808", "l:3"}, "null"},
        {"bin", {"l:7", "l:0"}, "null"},
        {"bin", {"d:1970-05-11 13:45:07", "t:1d"}, "1970-05-11T00:00:00.0000000Z"},
        {"bin_at", {"d:2017-05-17 10:20:00", "t:7d", "d:2017-06-04"},
         "2017-05-14T00:00:00.0000000Z"},
        {"startofweek", {"d:2017-01-01 10:10:17", "l:-1"}, "2016-12-25T00:00:00.0000000Z"},
        {"startofmonth", {"d:2017-01-01", "l:-1"}, "2016-12-01T00:00:00.0000000Z"},
        {"startofyear", {"d:2017-01-01", "l:9999999999"}, "null"},
        {"endofmonth", {"d:2020-02-01"}, "2020-02-29T23:59:59.9999999Z"},
        {"endofyear", {"d:9999-02-01"}, "9999-12-31T23:59:59.9999999Z"},
        {"week_of_year", {"d:2021-01-01"}, "53"},
        {"week_of_year", {"d:2020-12-31"}, "53"},
        {"week_of_year", {"d:2018-12-31"}, "1"},
        {"dayofweek", {"d:2015-12-14"}, "1.00:00:00"},
        {"datetime_part", {"s:dayOfYear", "d:2017-10-30 01:02:03.7654321"}, "303"},
        {"datetime_diff", {"s:week", "d:2017-10-29", "d:2017-10-28"}, "1"},
        {"datetime_diff", {"s:month", "d:2017-01-01", "d:2015-12-30"}, "13"},
        {"datetime_diff", {"s:hour", "d:2017-10-31 01:00", "d:2017-10-30 23:59"}, "2"},
        {"datetime_add", {"s:month", "l:1", "d:2020-01-31"}, "2020-02-29T00:00:00.0000000Z"},
        {"datetime_add", {"s:year", "l:9223372036854775807", "d:2020-01-31"}, "null"},
        {"datetime_add", {"s:eon", "l:1", "d:2020-01-31"},
         "'eon' is not a part of a date such as day, hour or month"},
        {"make_datetime", {"l:2020", "l:2", "l:30"}, "null"},
        {"make_datetime", {"l:2017", "l:10", "l:01", "l:12", "l:10", "r:0.1234567"},
         "2017-10-01T12:10:00.1234567Z"},
        {"make_timespan", {"l:1", "l:12", "l:30", "r:55.123"}, "1.12:30:55.1230000"},
        {"unixtime_seconds_todatetime", {"l:1546300800"}, "2019-01-01T00:00:00.0000000Z"},
        {"unixtime_seconds_todatetime", {"l:9223372036854775807"}, "null"},
        {"format_datetime", {"d:2017-01-29 09:00:05", "s:yyyy-M-dd [H:mm:ss]"},
         "2017-1-29 [9:00:05]"},
        {"format_timespan", {"t:29.09:00:05.12345", "s:ddd.h:mm:ss [fffffff]"},
         "029.9:00:05 [1234500]"},
        {"format_timespan", {"t:29.09:00:05.12345", "s:dd.hh:mm:ss:FF"}, "29.09:00:05:12"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void conditions_see_nulls(void **state)
{
    static const struct call calls[] = {
        {"iff", {"b:true", "l:1", "r:2.5"}, "1"},
        {"iff", {"b:", "l:1", "l:2"}, "2"},
        {"case", {"b:false", "s:a", "b:true", "s:b", "s:c"}, "b"},
        {"coalesce", {"l:", "l:", "l:3"}, "3"},
        {"coalesce", {"s:", "s:x"}, "x"},
        {"isnull", {"y:null"}, "True"},
        {"isnull", {"s:"}, "False"},
        {"isempty", {"s:"}, "True"},
        {"isempty", {"y:\"\""}, "True"},
        {"isnotempty", {"l:"}, "False"},
        {"not", {"b:"}, "null"},
        {"min_of", {"l:2", "r:1.5"}, "1.5"},
        {"max_of", {"l:", "l:7"}, "7"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void dynamics_keep_their_order(void **state)
{
    static const struct call calls[] = {
        {"array_length", {"y:[1,2,3]"}, "3"},
        {"array_length", {"y:{}"}, "null"},
        {"pack_array", {"l:1", "s:a", "l:"}, "[1,\"a\",null]"},
        {"array_concat", {"y:[1]", "y:[2,3]"}, "[1,2,3]"},
        {"array_slice", {"y:[1,2,3,4,5]", "l:-3", "l:-2"}, "[3,4]"},
        {"array_slice", {"y:[1,2,3]", "l:1", "l:9223372036854775807"}, "[2,3]"},
        {"array_split", {"y:[1,2,3,4,5]", "y:[1,3]"}, "[[1],[2,3],[4,5]]"},
        {"array_split", {"y:[1,2,3,4,5]", "l:2"}, "[[1,2],[3,4,5]]"},
        {"array_index_of", {"y:[\"a\",\"b\"]", "s:b"}, "1"},
        {"array_sum", {"y:[1,2.5]"}, "3.5"},
        {"array_sort_asc", {"y:[null,\"blue\",\"yellow\",\"green\",null]", "b:false"},
         "[null,null,\"blue\",\"green\",\"yellow\"]"},
        {"array_sort_desc", {"y:[1,3,4,5,2]"}, "[5,4,3,2,1]"},
        {"array_sort_asc", {"y:[3,1]", "y:[\"x\",\"y\"]"}, "[[1,3],[\"y\",\"x\"]]"},
        {"array_rotate_left", {"y:[1,2,3,4,5]", "l:2"}, "[3,4,5,1,2]"},
        {"array_rotate_right", {"y:[1,2,3]", "l:1"}, "[3,1,2]"},
        {"array_rotate_right", {"y:[]", "l:-9223372036854775808"}, "[]"},
        {"array_shift_left", {"y:[1,2,3]", "l:-2", "l:-1"}, "[-1,-1,1]"},
        {"array_shift_right", {"y:[1,2,3]", "l:9223372036854775807"}, "[null,null,null]"},
        {"array_iff", {"y:[true,false,true]", "y:[1,2]", "y:[3,4]"}, "[1,4,null]"},
        {"array_reverse", {"y:[1,2]"}, "[2,1]"},
        {"strcat_array", {"y:[1,\"a\"]", "s:->"}, "1->a"},
        {"range", {"l:1", "l:8", "l:3"}, "[1,4,7]"},
        {"range", {"l:9223372036854775806", "l:9223372036854775807"},
         "[9223372036854775806,9223372036854775807]"},
        {"zip", {"y:[1,3]", "y:[2]"}, "[[1,2],[3,null]]"},
        {"repeat", {"l:1", "l:3"}, "[1,1,1]"},
        {"bag_pack", {"s:a", "l:1", "s:b", "y:[2]"}, "{\"a\":1,\"b\":[2]}"},
        {"bag_keys", {"y:{\"a\":1,\"b\":{\"c\":2}}"}, "[\"a\",\"b\"]"},
        {"bag_merge", {"y:{\"a\":1}", "y:{\"a\":2,\"b\":3}"}, "{\"a\":1,\"b\":3}"},
        {"bag_remove_keys",
         {"y:{\"k\":1,\"o\":{\"p\":1,\"q\":2},\"z\":[1]}", "y:[\"$.o.p\",\"z\"]"},
         "{\"k\":1,\"o\":{\"q\":2}}"},
        {"bag_has_key", {"y:{\"a\":1}", "s:b"}, "False"},
        {"bag_set_key", {"y:{\"a\":1}", "s:b", "l:2"}, "{\"a\":1,\"b\":2}"},
        {"bag_zip", {"y:[\"a\",8,\"b\"]", "y:[1,\"2\",2.5]"}, "{\"a\":1,\"b\":2.5}"},
        {"treepath", {"y:{\"a\":[1]}"}, "[\"['a']\",\"['a'][0]\"]"},
        {"set_union", {"y:[1,2,1,4]", "y:[2,8]"}, "[1,2,4,8]"},
        {"set_intersect", {"y:[3,2,1]", "y:[1,3]"}, "[3,1]"},
        {"set_difference", {"y:[1,2,3]", "y:[2]"}, "[1,3]"},
        {"set_has_element", {"y:[\"a\",\"b\"]", "s:b"}, "True"},
        {"jaccard_index", {"y:[1,2]", "y:[2,3,4]"}, "0.25"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void numbers_do_not_overflow(void **state)
{
    static const struct call calls[] = {
        {"abs", {"l:-9223372036854775808"}, "9223372036854775807"},
        {"abs", {"r:-1.5"}, "1.5"},
        {"ceiling", {"r:-1.1"}, "-1"},
        {"ceiling", {"l:0"}, "0"},
        {"round", {"r:2.98765", "l:3"}, "2.988"},
        {"sign", {"r:-0.5"}, "-1"},
        {"binary_shift_left", {"l:1", "l:65"}, "2"},
        {"binary_shift_left", {"l:1", "l:-1"}, "null"},
        {"binary_shift_left", {"l:1", "l:63"}, "-9223372036854775808"},
        {"binary_shift_right", {"l:8", "l:-2"}, "null"},
        {"binary_shift_right", {"l:8", "l:65"}, "4"},
        {"binary_shift_right", {"l:-8", "l:1"}, "-4"},
        {"bitset_count_ones", {"l:42"}, "3"},
        {"isfinite", {"r:inf"}, "False"},
        {"isnan", {"r:"}, "False"},
        {"around", {"l:5", "l:4", "l:1"}, "True"},
        {"beta_inv", {"r:1.5", "r:10", "r:20"}, "null"},
        {"beta_inv", {"r:0", "r:10", "r:20"}, "null"},
        {"beta_inv", {"r:1", "r:10", "r:20"}, "1"},
        {"beta_inv", {"r:0.5", "r:inf", "r:2"}, "NaN"},
        {"beta_pdf", {"r:0.5", "r:2", "r:2"}, "1.5"},
        {"beta_pdf", {"r:0", "r:2", "r:2"}, "NaN"},
        {"beta_pdf", {"r:1", "r:1", "r:1"}, "NaN"},
        {"beta_cdf", {"r:0", "r:2", "r:2"}, "0"},
        {"beta_cdf", {"r:1", "r:10000", "r:10000"}, "1"},
        {"beta_cdf", {"r:1", "r:10001", "r:2"}, "NaN"},
        {"beta_cdf", {"r:1", "r:2", "r:10001"}, "NaN"},
        {"hash", {"s:World"}, "1846988464401551951"},
        {"hash", {"s:World", "l:100"}, "51"},
        {"hash", {"d:2015-01-01"}, "1380966698541616202"},
        {"hash_md5", {"s:World"}, "f5a7924e621e84c9280a9a27e1bcb7f6"},
        {"hash_sha1", {"s:World"}, "70c07ec18ef89c5309bbb0937f3a6342411e1fdd"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void codes_and_addresses_are_read(void **state)
{
    static const struct call calls[] = {
        {"base64_encode_tostring", {"s:Kusto"}, "S3VzdG8="},
        {"base64_decode_tostring", {"s:S3VzdG8="}, "Kusto"},
        {"base64_decode_tostring", {"s:U3RyaW5n0KHR0tGA0L7Rh9C60LA="}, ""},
        {"base64_decode_toarray", {"s:S3VzdG8="}, "[75,117,115,116,111]"},
        {"base64_decode_toguid", {"s:JpbpECu8dUy7Pv5gbeJXAA=="},
         "10e99626-bc2b-4c75-bb3e-fe606de25700"},
        {"url_decode", {"s:https%3a%2f%2fwww.bing.com%2f"}, "https://www.bing.com/"},
        {"url_encode_component", {"s:https://a.b/hello world/"},
         "https%3a%2f%2fa.b%2fhello%20world%2f"},
        {"parse_urlquery", {"s:k1=v1&k2=v%202"},
         "{\"Query Parameters\":{\"k1\":\"v1\",\"k2\":\"v%202\"}}"},
        {"parse_url", {"s:scheme://user:pw@host:1234/a/b?k=v#f"},
         "{\"Scheme\":\"scheme\",\"Host\":\"host\",\"Port\":\"1234\",\"Path\":\"/a/b\","
         "\"Username\":\"user\",\"Password\":\"pw\",\"Query Parameters\":{\"k\":\"v\"},"
         "\"Fragment\":\"f\"}"},
        {"parse_path", {"s:C:\\temp\\file.txt"},
         "{\"Scheme\":\"\",\"RootPath\":\"C:\",\"DirectoryPath\":\"C:\\\\temp\","
         "\"DirectoryName\":\"temp\",\"Filename\":\"file.txt\",\"Extension\":\"txt\","
         "\"AlternateDataStreamName\":\"\"}"},
        {"parse_csv", {"s:aa,\"b,b\",\"a\"\"q\"\"\""}, "[\"aa\",\"b,b\",\"a\\\"q\\\"\"]"},
        {"parse_csv", {"s:r,a\nr2,x"}, "[\"r\",\"a\"]"},
        {"parse_version", {"s:1.2.3.4"}, "1000000020000000300000004"},
        {"parse_version", {"s:0.2"}, "20000000000000000"},
        {"parse_version", {"s:x"}, "null"},
        {"parse_command_line", {"s:echo \"hello world!\" a\\\\b", "s:windows"},
         "[\"echo\",\"hello world!\",\"a\\\\\\\\b\"]"},
        {"extract_json", {"s:$.a[0].b", "s:{\"a\":[{\"b\":5}]}", "s:long"}, "5"},
        {"extractjson", {"s:$.a", "s:{\"a\":\"x\"}"}, "x"},
        {"ipv4_is_private", {"s:192.168.1.1"}, "True"},
        {"ipv4_is_private", {"s:8.8.8.8"}, "False"},
        {"ipv4_is_private", {"s:x"}, "null"},
        {"ipv4_is_in_range", {"s:192.168.1.6", "s:192.168.1.1/24"}, "True"},
        {"ipv4_is_in_any_range", {"s:10.1.2.3", "y:[\"192.168.0.0/16\",\"10.0.0.0/8\"]"},
         "True"},
        {"ipv4_compare", {"s:192.168.1.1/30", "s:192.168.1.255/24"}, "0"},
        {"ipv4_is_match", {"s:192.168.1.1", "s:192.168.1.0", "l:31"}, "True"},
        {"parse_ipv4", {"s:192.1.168.1"}, "3221334017"},
        {"parse_ipv4_mask", {"s:127.0.0.1", "l:24"}, "2130706432"},
        {"format_ipv4", {"s:192.168.1.1", "l:24"}, "192.168.1.0"},
        {"format_ipv4_mask", {"l:3232236031", "l:24"}, "192.168.1.0/24"},
        {"ipv4_range_to_cidr_list", {"s:0.0.0.0", "s:255.255.255.255"}, "[\"0.0.0.0/0\"]"},
        {"ipv4_range_to_cidr_list", {"s:1.1.128.0", "s:1.1.140.255"},
         "[\"1.1.128.0/21\",\"1.1.136.0/22\",\"1.1.140.0/24\"]"},
        {"has_ipv4", {"s:at 10.1.2.3:80", "s:10.1.2.3"}, "True"},
        {"has_any_ipv4", {"s:05:04:54127.0.0.1 GET", "s:127.0.0.1"}, "False"},
        {"has_ipv4_prefix", {"s:05 127.0.0.1 GET", "s:127.0"}, "False"},
        {"has_ipv4_prefix", {"s:05 127.0.0.256 GET", "s:127.0."}, "False"},
        {"ipv6_compare", {"s:192.168.1.1/24", "s:::ffff:c0a8:01ff", "l:127"}, "0"},
        {"ipv6_is_in_range", {"s:fe80::1", "s:fe80::/64"}, "True"},
        {"parse_ipv6", {"s:192.168.255.255/24"}, "0000:0000:0000:0000:0000:ffff:c0a8:ff00"},
        {"parse_ipv6", {"s:1:2:3"}, ""},
        {"parse_ipv6_mask", {"s:::192.168.255.255/24", "l:128"},
         "0000:0000:0000:0000:0000:ffff:c0a8:ff00"},
        {"parse_user_agent", {"s:Mozilla/5.0 Gecko/20100101 Firefox/120.1", "s:browser"},
         "{\"Browser\":{\"Family\":\"Firefox\",\"MajorVersion\":\"120\","
         "\"MinorVersion\":\"1\",\"Patch\":\"\"}}"},
    };

    (void)state;
    CHECK_CALLS(calls);
}

static void an_argument_says_where_it_stands(void **state)
{
    struct argument argument = {.text = SLICE("print\n  f(1)"), .at = 10};
    struct error err = {0};

    (void)state;
    assert_int_equal(argument_fail(&err, &argument, "it is %d", 1), STATUS_INVALID);
    assert_string_equal(err.text, "it is 1");
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 5);
    argument.text = (struct slice){NULL, 0};
    assert_int_equal(argument_fail(&err, &argument, "it is %d", 2), STATUS_INVALID);
    assert_int_equal(err.line, 0); /* whoever knows says it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_found_in_any_case),
        cmocka_unit_test(conversions_give_null_for_what_does_not_convert),
        cmocka_unit_test(strings_are_counted_in_characters),
        cmocka_unit_test(patterns_match_in_const_and_flat_vectors),
        cmocka_unit_test(times_are_cut_at_their_borders),
        cmocka_unit_test(conditions_see_nulls),
        cmocka_unit_test(dynamics_keep_their_order),
        cmocka_unit_test(numbers_do_not_overflow),
        cmocka_unit_test(codes_and_addresses_are_read),
        cmocka_unit_test(an_argument_says_where_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

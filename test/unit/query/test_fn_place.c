/* SPDX-License-Identifier: Apache-2.0 */
/* geo_info_from_ip_address(), with and without a file. */
#include "ask.h"

#include "codec/mmdb.h"
#include "mmdb_file.h"

static const struct mmdb_row rows[] = {
    {"::203.0.113.0", 96 + 24, "Australia", "New South Wales", "Sydney", -33.5, 151.25},
    {"2001:db8::", 32, NULL, NULL, "Reykjav\xc3\xadk", 64.5, 200},
    {"2001:db9::", 32, NULL, NULL, NULL, 95, 200},
};

static void answers(const struct query_env *env, const char *query, const char *wanted)
{
    struct query_request request = {.env = env};
    struct error err = {0};
    struct buf line, answer;

    buf_init(&line, MIB);
    buf_init(&answer, MIB);
    buf_add_text(&line, "{\"id\":1,\"query\":");
    text_add_json_string(&line, slice_of(query));
    buf_add_byte(&line, '}');
    ASSERT_OK(query_batch_line(&request, buf_slice(&line), &answer, &err));
    buf_add_byte(&answer, '\0');
    if (strstr(answer.data, wanted) == NULL)
        fail_msg("%s\n  %s\n  should say %s", query, answer.data, wanted);
    buf_release(&answer);
    buf_release(&line);
}

static void what_the_file_has_is_given(void **state)
{
    char path[] = "/tmp/daybook-mmdb-XXXXXX";
    struct mmdb *places = NULL;
    struct query_env env = ask_env;
    struct error err;

    (void)state;
    mmdb_write(path, rows, 3);
    ASSERT_OK(mmdb_open(path, &places, &err));
    (void)unlink(path);
    env.places = places;
    answers(&env, "print geo_info_from_ip_address('203.0.113.9')",
            "[[{\"country\":\"Australia\",\"state\":\"New South Wales\",\"city\":\"Sydney\","
            "\"latitude\":-33.5,\"longitude\":151.25}]]");
    answers(&env, "print g = geo_info_from_ip_address('2001:db8::1') | project g",
            "[[{\"city\":\"Reykjav\xc3\xadk\",\"latitude\":64.5}]]");
    answers(&env, "datatable(ip: string)['203.0.113.1', 'x', '10.0.0.1', '', '2001:db9::1'] "
                  "| extend c = tostring(geo_info_from_ip_address(ip).country), "
                  "n = isnull(geo_info_from_ip_address(ip)) | summarize count() by c, n "
                  "| sort by c desc",
            "[[\"Australia\",false,1],[\"\",true,4]]");
    mmdb_close(places);
}

static void without_a_file_it_is_null(void **state)
{
    static const struct ask cases[] = {
        {"print geo_info_from_ip_address('203.0.113.9').country", "[[null]]"},
        {"T | extend p = geo_info_from_ip_address(s) | where isnull(p.city) | count", "[[2]]"},
        {"print geo_info_from_ip_address()", "! 1:7 geo_info_from_ip_address"},
    };

    (void)state;
    ASK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_file_has_is_given),
        cmocka_unit_test(without_a_file_it_is_null),
    };

    return RUN_TESTS(tests);
}

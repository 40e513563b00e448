/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "share/external.h"

static struct error err;

static void hosts_of_the_list_are_allowed(void **state)
{
    static const char *const good[] = {
        "https://a.example/x.csv", "https://A.Example", "https://a.example:8443/x?y=1",
        "https://b.net.example/x", "https://deep.b.net.example/x;key",
    };
    const struct external external = {.hosts = SLICE("a.example, *.net.example")};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (external_check(&external, slice_of(good[i]), &err) != STATUS_OK)
            fail_msg("%s: %s", good[i], err.text);
    }
}

static void all_others_are_refused(void **state)
{
    static const struct {
        const char *url, *says;
    } bad[] = {
        {"https://c.example/x", "the host 'c.example' is not in the setting"},
        {"https://net.example/x", "is not in the setting"},
        {"https://evilnet.example/x", "is not in the setting"},
        {"https://a.example.evil/x", "is not in the setting"},
        {"https://a.example@evil/x", "no address"},
        {"https://evil/#a.example", "the host 'evil'"},
        {"http://a.example/x", "not over https"},
        {"ftp://a.example/x", "no address"},
        {"file:///etc/passwd", "no address"},
        {"https://", "no address"},
        {"", "no address"},
    };
    const struct external external = {.hosts = SLICE("a.example,*.net.example")};
    const struct external none = {.hosts = SLICE("")};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (external_check(&external, slice_of(bad[i].url), &err) != STATUS_DENIED ||
            strstr(err.text, bad[i].says) == NULL)
            fail_msg("%s: %s", bad[i].url, err.text);
    }
    ASSERT_STATUS(STATUS_DENIED, external_check(&none, SLICE("https://a.example/x"), &err));
}

/* The host that is looked at and the one that is asked are the same. */
static void no_address_ends_before_its_end(void **state)
{
    const struct slice bad[] = {
        SLICE("http://127.0.0.2\0.net.example/x"),
        SLICE("http://127.0.0.2/\0.net.example/"),
        SLICE("http://127.0.0.2\n.net.example/x"),
        SLICE("http://127.0.0.2\x7f.net.example/x"),
        SLICE("http://127.0.0.2 .net.example/x"),
        SLICE("http://127.0.0.2\\.net.example/x"),
        SLICE("http://a.net.example/x\0y"),
        SLICE("http://a.net.example/x\ty"),
    };
    const struct external external = {.hosts = SLICE("*.net.example"), .allow_private = true};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (external_check(&external, bad[i], &err) != STATUS_DENIED)
            fail_msg("%zu is allowed", i);
    }
}

static void plain_http_is_for_those_who_say_so(void **state)
{
    const struct external external = {.hosts = SLICE("a.example"), .allow_private = true};

    (void)state;
    ASSERT_OK(external_check(&external, SLICE("http://a.example/x"), &err));
}

static void a_host_inside_is_not_reached(void **state)
{
    const struct external external = {.hosts = SLICE("localhost,127.0.0.1")};
    struct arena *arena = arena_new(MIB);
    struct slice text;

    (void)state;
    assert_int_not_equal(external_fetch(&external, SLICE("https://127.0.0.1:1/x"), NULL, arena,
                                        &text, &err),
                         STATUS_OK);
    ASSERT_STATUS(STATUS_DENIED, external_fetch(&external, SLICE("https://other/x"), NULL, arena,
                                                &text, &err));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_of_the_list_are_allowed),
        cmocka_unit_test(all_others_are_refused),
        cmocka_unit_test(no_address_ends_before_its_end),
        cmocka_unit_test(plain_http_is_for_those_who_say_so),
        cmocka_unit_test(a_host_inside_is_not_reached),
    };

    return RUN_TESTS(tests);
}

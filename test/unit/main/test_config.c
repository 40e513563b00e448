/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/machine.h"
#include "main/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error err;
static struct config config;

static enum status read_text(const char *text)
{
    char path[] = "/tmp/daybook-config-XXXXXX";
    struct data_dir dir = {.path = "/d", .lock_fd = -1};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
    config_init(&config, &dir);
    enum status status = config_read(&config, path, &err);
    (void)unlink(path);
    return status;
}

static void what_is_not_said_has_a_default(void **state)
{
    (void)state;
    ASSERT_OK(read_text(""));
    assert_string_equal(config.listen, "127.0.0.1:8443");
    assert_string_equal(config.certificate, "/d/tls/cert.pem");
    assert_string_equal(config.key, "/d/tls/key.pem");
    assert_int_equal(config.log_level, LOG_LEVEL_INFO);
    assert_int_equal(config.threads, 0);
    assert_true(config.cache_mib >= 128);
    uint32_t part = (uint32_t)(machine_memory_bytes() / MIB / 16);
    assert_int_equal(config.cache_mib, part > 128 ? part : 128);
    ASSERT_OK(read_text("cache_mib: 0\n"));
    assert_int_equal(config.cache_mib, part > 128 ? part : 128);
    ASSERT_OK(read_text("cache_mib: 64\n"));
    assert_int_equal(config.cache_mib, 64);
}

static void every_setting_is_taken(void **state)
{
    (void)state;
    ASSERT_OK(read_text("# ours\nlisten: '[::]:443'\ncertificate: /c\nkey: /k\n"
                        "connections_max: 77\nthreads: 3\ncache_mib: 512\nlog_level: debug\n"));
    assert_string_equal(config.listen, "[::]:443");
    assert_string_equal(config.certificate, "/c");
    assert_string_equal(config.key, "/k");
    assert_int_equal(config.connections_max, 77);
    assert_int_equal(config.threads, 3);
    assert_int_equal(config.cache_mib, 512);
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
}

static void hosts_are_a_list_or_one_text(void **state)
{
    (void)state;
    ASSERT_OK(read_text("---\nexternal_data_hosts: [a.example, '*.b.example']\n"));
    assert_string_equal(config.external_hosts, "a.example,*.b.example");
    ASSERT_OK(read_text("external_data_hosts: a.example,b.example\n"));
    assert_string_equal(config.external_hosts, "a.example,b.example");
}

static void proxies_are_addresses_and_networks(void **state)
{
    (void)state;
    ASSERT_OK(read_text("listen: '[::]:443'\n"));
    assert_int_equal(config.trusted_proxies.count, 0);
    ASSERT_OK(read_text("trusted_proxies: [10.0.0.0/8, '::1']\n"));
    assert_int_equal(config.trusted_proxies.count, 2);
    assert_int_equal(config.trusted_proxies.items[0].bits, 104);
    ASSERT_OK(read_text("trusted_proxies: 10.0.0.1, 10.0.0.2,10.0.0.3\n"));
    assert_int_equal(config.trusted_proxies.count, 3);
    ASSERT_STATUS(STATUS_INVALID, read_text("trusted_proxies: [10.0.0.1, proxy.example]\n"));
    assert_non_null(strstr(err.text, "'trusted_proxies'"));
    assert_non_null(strstr(err.text, "proxy.example"));
    char text[1024] = "trusted_proxies: 10.0.0.1";
    for (size_t i = 0; i < TRUSTED_PROXIES_MAX; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ",10.0.0.1");
    ASSERT_STATUS(STATUS_INVALID, read_text(text));
    assert_non_null(strstr(err.text, "more than"));
}

static void a_last_line_of_dashes_begins_nothing(void **state)
{
    (void)state;
    ASSERT_OK(read_text("threads: 2\n---\n"));
    assert_int_equal(config.threads, 2);
    ASSERT_OK(read_text("---\nthreads: 3\n---\n# a remark\n---\n...\n"));
    assert_int_equal(config.threads, 3);
}

static void what_does_not_fit_is_not_cut(void **state)
{
    char text[1024];

    (void)state;
    (void)snprintf(text, sizeof(text), "listen: %0300d\n", 1);
    assert_int_equal(read_text(text), STATUS_INVALID);
    assert_non_null(strstr(err.text, "'listen' is longer than 255 bytes"));
    (void)snprintf(text, sizeof(text), "listen: %0255d\n", 1);
    ASSERT_OK(read_text(text));
    assert_int_equal(strlen(config.listen), 255);
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"\nlisten_to: x\n", "did you mean 'listen'"},
        {"threads: many\n", "'threads'"},
        {"threads: 1000001\n", "'threads'"},
        {"connections_max: -1\n", "'connections_max'"},
        {"log_level: loud\n", "'log_level'"},
        {"- a\n- b\n", "name: value"},
        {"a: [\n", ""},
        {"threads: 2\nlisten:\n  - '[::]:8443'\n", ":2: 'listen' wants one value"},
        {"certificate: [/c]\n", "'certificate' wants one value"},
        {"threads: {a: 2}\n", "'threads' wants one value"},
        {"log_level: [debug]\n", "'log_level' wants one value"},
        {"external_data_private: [true]\n", "'external_data_private' wants one value"},
        {"external_data_hosts: {a: b}\n", "one value or a list of them"},
        {"external_data_hosts: [[a]]\n", "one value or a list of them"},
        {"threads: 2\n---\nthreads: 3\n", "more stands behind '---'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ASSERT_STATUS(STATUS_INVALID, read_text(cases[i].text));
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void a_file_that_is_not_there_or_too_large_is_refused(void **state)
{
    static char large[20000];

    (void)state;
    memset(large, '#', sizeof(large) - 1);
    ASSERT_STATUS(STATUS_INVALID, read_text(large));
    ASSERT_STATUS(STATUS_IO, config_read(&config, "/nowhere/at/all", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(every_setting_is_taken),
        cmocka_unit_test(hosts_are_a_list_or_one_text),
        cmocka_unit_test(proxies_are_addresses_and_networks),
        cmocka_unit_test(a_last_line_of_dashes_begins_nothing),
        cmocka_unit_test(what_does_not_fit_is_not_cut),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_file_that_is_not_there_or_too_large_is_refused),
    };

    return RUN_TESTS(tests);
}

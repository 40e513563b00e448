/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <gnutls/x509.h>

static void test_the_certificate_names_this_host_and_lasts_397_days(void **state)
{
    struct buf certificate;
    struct buf key;
    struct error err = {0};
    gnutls_x509_crt_t crt;
    const int64_t now = 1700000000;
    (void)state;
    buf_init(&certificate, 1 * MIB);
    buf_init(&key, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE("log.example"), now, &certificate, &key, &err),
                     STATUS_OK);
    gnutls_datum_t pem = {(unsigned char *)certificate.data, (unsigned)certificate.size};
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "log.example"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(gnutls_x509_crt_check_hostname(crt, names[i]));
    assert_false(gnutls_x509_crt_check_hostname(crt, "other.example"));
    assert_false(gnutls_x509_crt_check_hostname(crt, "10.0.0.1"));
    assert_int_equal(gnutls_x509_crt_get_activation_time(crt), now - 3600);
    assert_int_equal(gnutls_x509_crt_get_expiration_time(crt) -
                         gnutls_x509_crt_get_activation_time(crt),
                     397 * 86400);
    gnutls_x509_crt_deinit(crt);
    assert_non_null(strstr(key.data, "BEGIN PRIVATE KEY"));
    buf_release(&certificate);
    buf_release(&key);
}

static void test_a_buffer_without_room_is_an_error(void **state)
{
    struct buf certificate;
    struct buf key;
    struct error err = {0};
    (void)state;
    buf_init(&certificate, 16);
    buf_init(&key, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE(""), 1700000000, &certificate, &key, &err),
                     STATUS_LIMIT);
    buf_release(&certificate);
    buf_release(&key);
}

static void renew(struct slice old, struct slice old_key, int64_t now, struct buf *ret)
{
    struct error err = {0};

    buf_init(ret, 1 * MIB);
    if (tls_cert_renew(old, old_key, now, ret, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void test_a_renewed_one_has_the_names_and_the_key_of_the_old(void **state)
{
    struct buf old, key, renewed;
    struct error err = {0};
    gnutls_x509_crt_t crt, before;
    int64_t end = 0;
    const int64_t then = 1700000000, now = then + 500 * INT64_C(86400);
    (void)state;
    buf_init(&old, 1 * MIB);
    buf_init(&key, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE("log.example"), then, &old, &key, &err), STATUS_OK);
    assert_int_equal(tls_cert_end(buf_slice(&old), &end, &err), STATUS_OK);
    assert_int_equal(end, then - 3600 + 397 * INT64_C(86400));
    renew(buf_slice(&old), buf_slice(&key), now, &renewed);
    assert_int_equal(tls_cert_end(buf_slice(&renewed), &end, &err), STATUS_OK);
    assert_int_equal(end, now - 3600 + 397 * INT64_C(86400));
    gnutls_datum_t pem = {(unsigned char *)renewed.data, (unsigned)renewed.size};
    gnutls_datum_t old_pem = {(unsigned char *)old.data, (unsigned)old.size};
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
    assert_int_equal(gnutls_x509_crt_init(&before), 0);
    assert_int_equal(gnutls_x509_crt_import(before, &old_pem, GNUTLS_X509_FMT_PEM), 0);
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", "log.example"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(gnutls_x509_crt_check_hostname(crt, names[i]));
    assert_false(gnutls_x509_crt_check_hostname(crt, "other.example"));
    uint8_t id[2][20];
    size_t size[2] = {sizeof(id[0]), sizeof(id[1])};
    assert_int_equal(gnutls_x509_crt_get_key_id(crt, 0, id[0], &size[0]), 0);
    assert_int_equal(gnutls_x509_crt_get_key_id(before, 0, id[1], &size[1]), 0);
    assert_memory_equal(id[0], id[1], sizeof(id[0]));
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_crt_deinit(before);
    buf_release(&old);
    buf_release(&key);
    buf_release(&renewed);
}

static void test_what_is_not_of_here_is_not_renewed(void **state)
{
    struct buf old, key, other, ret;
    struct error err = {0};
    int64_t end = 0;
    (void)state;
    buf_init(&old, 1 * MIB);
    buf_init(&key, 1 * MIB);
    buf_init(&other, 1 * MIB);
    buf_init(&ret, 1 * MIB);
    assert_int_equal(tls_cert_make(SLICE("a.example"), 1700000000, &ret, &key, &err), STATUS_OK);
    buf_clear(&key);
    assert_int_equal(tls_cert_make(SLICE("b.example"), 1700000000, &old, &key, &err), STATUS_OK);
    /* A key of another certificate, a text that is none. */
    assert_int_equal(tls_cert_renew(buf_slice(&ret), buf_slice(&key), 1700000000, &other, &err),
                     STATUS_INVALID);
    assert_int_equal(tls_cert_renew(SLICE("none"), buf_slice(&key), 1700000000, &other, &err),
                     STATUS_INVALID);
    assert_int_equal(tls_cert_end(SLICE("none"), &end, &err), STATUS_INVALID);
    /* One of an authority: two are a chain. */
    buf_add_slice(&old, buf_slice(&ret));
    assert_int_equal(tls_cert_renew(buf_slice(&old), buf_slice(&key), 1700000000, &other, &err),
                     STATUS_INVALID);
    assert_non_null(strstr(err.text, "authority"));
    assert_int_equal(other.size, 0);
    buf_release(&old);
    buf_release(&key);
    buf_release(&other);
    buf_release(&ret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_certificate_names_this_host_and_lasts_397_days),
        cmocka_unit_test(test_a_buffer_without_room_is_an_error),
        cmocka_unit_test(test_a_renewed_one_has_the_names_and_the_key_of_the_old),
        cmocka_unit_test(test_what_is_not_of_here_is_not_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_certificate_names_this_host_and_lasts_397_days),
        cmocka_unit_test(test_a_buffer_without_room_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

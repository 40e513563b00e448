/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert.c - makes a P-256 key and its self-signed certificate with GnuTLS. */
#include "wire/tls_cert.h"

#include "base/random.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <time.h>

static int add_name(gnutls_x509_crt_t crt, struct slice name)
{
    uint8_t address[16];
    char text[256];

    if (name.size == 0 || name.size >= sizeof(text))
        return GNUTLS_E_SUCCESS;
    (void)snprintf(text, sizeof(text), "%.*s", SLICE_FMT(name));
    if (inet_pton(AF_INET, text, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, 4,
                                                    GNUTLS_FSAN_APPEND);
    if (inet_pton(AF_INET6, text, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, 16,
                                                    GNUTLS_FSAN_APPEND);
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, text,
                                                (unsigned)name.size, GNUTLS_FSAN_APPEND);
}

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, struct slice host_name,
                int64_t now_unix_s)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
    uint8_t serial[16];
    uint8_t key_id[20];
    size_t key_id_size = sizeof(key_id);
    time_t from = (time_t)(now_unix_s - 3600);
    int rc = gnutls_x509_crt_set_version(crt, 3);

    random_bytes(serial, sizeof(serial));
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, without leading zero bytes */
    if (rc == 0)
        rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    if (rc == 0)
        rc = gnutls_x509_crt_set_key(crt, key);
    if (rc == 0)
        rc = gnutls_x509_crt_set_activation_time(crt, from);
    if (rc == 0)
        rc = gnutls_x509_crt_set_expiration_time(crt, from + (time_t)TLS_CERT_DAYS * 86400);
    if (rc == 0)
        rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "Daybook", 7);
    for (size_t i = 0; rc == 0 && i < sizeof(names) / sizeof(names[0]); i++)
        rc = add_name(crt, slice_of(names[i]));
    if (rc == 0 && !slice_is(host_name, "localhost"))
        rc = add_name(crt, host_name);
    if (rc == 0)
        rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
    if (rc == 0)
        rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE |
                                                    GNUTLS_KEY_KEY_CERT_SIGN);
    if (rc == 0)
        rc = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (rc == 0)
        rc = gnutls_x509_crt_get_key_id(crt, 0, key_id, &key_id_size);
    if (rc == 0)
        rc = gnutls_x509_crt_set_subject_key_id(crt, key_id, key_id_size);
    if (rc == 0)
        rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return rc;
}

enum status tls_cert_make(struct slice host_name, int64_t now_unix_s, struct buf *ret_certificate,
                          struct buf *ret_key, struct error *err)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    gnutls_datum_t key_pem = {0};
    gnutls_datum_t crt_pem = {0};
    int rc = gnutls_x509_privkey_init(&key);

    if (rc == 0)
        rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (rc == 0)
        rc = gnutls_x509_crt_init(&crt);
    if (rc == 0)
        rc = fill(crt, key, host_name, now_unix_s);
    if (rc == 0)
        rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem);
    if (rc == 0)
        rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                               &key_pem);
    if (rc == 0) {
        buf_add(ret_certificate, crt_pem.data, crt_pem.size);
        buf_add(ret_key, key_pem.data, key_pem.size);
    }
    if (key_pem.data != NULL)
        gnutls_memset(key_pem.data, 0, key_pem.size);
    gnutls_free(key_pem.data);
    gnutls_free(crt_pem.data);
    if (crt != NULL)
        gnutls_x509_crt_deinit(crt);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    if (rc != 0)
        return ERROR_SET(err, STATUS_INVALID, "cannot make a certificate for '%.*s': %s",
                         SLICE_FMT(host_name), gnutls_strerror(rc));
    enum status status = buf_check(ret_certificate, err);
    return status == STATUS_OK ? buf_check(ret_key, err) : status;
}

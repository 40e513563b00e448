/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert.c - makes a P-256 key and its self-signed certificate with GnuTLS. */
#include "wire/tls_cert.h"

#include "base/random.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <time.h>

#define COMMON_NAME "Daybook"
#define OID_SERIAL_NUMBER "2.5.4.5" /* of a name */
#define OID_SUBJECT_ALT_NAME "2.5.29.17"

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

static int add_names(gnutls_x509_crt_t crt, struct slice host_name)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(names) / sizeof(names[0]); i++)
        rc = add_name(crt, slice_of(names[i]));
    if (rc == 0 && !slice_is(host_name, "localhost"))
        rc = add_name(crt, host_name);
    return rc;
}

/* Of two authorities of one name OpenSSL looks at one alone: a client that trusts the old
 * certificate and the new one would refuse either. */
static int set_own_name(gnutls_x509_crt_t crt, const uint8_t *serial, size_t size)
{
    char text[64];

    for (size_t i = 0; i < size; i++)
        (void)snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x", serial[i]);
    return gnutls_x509_crt_set_dn_by_oid(crt, OID_SERIAL_NUMBER, 0, text, (unsigned)(2 * size));
}

/* All but the names. */
static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, int64_t now_unix_s)
{
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
        rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, COMMON_NAME,
                                           sizeof(COMMON_NAME) - 1);
    if (rc == 0)
        rc = set_own_name(crt, serial, sizeof(serial));
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
        rc = add_names(crt, host_name);
    if (rc == 0)
        rc = fill(crt, key, now_unix_s);
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

static gnutls_datum_t datum_of(struct slice text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text.data, (unsigned)text.size};
}

/* A certificate of an authority has another issuer, and one that was made elsewhere another name:
 * whoever made those has chosen more than the names, which would be lost. */
static bool is_of_here(gnutls_x509_crt_t crt)
{
    char name[sizeof(COMMON_NAME)];
    size_t size = sizeof(name);

    return gnutls_x509_crt_check_issuer(crt, crt) == 1 &&
           gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size) ==
               0 &&
           size == sizeof(COMMON_NAME) - 1 && memcmp(name, COMMON_NAME, size) == 0;
}

static int copy_names(gnutls_x509_crt_t to, gnutls_x509_crt_t from)
{
    gnutls_datum_t names = {0};
    unsigned critical = 0;
    int rc = -1;

    for (unsigned i = 0; i < 64 && names.data == NULL; i++) {
        char oid[64];
        size_t size = sizeof(oid);
        rc = gnutls_x509_crt_get_extension_info(from, i, oid, &size, &critical);
        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return rc;
        if (rc == 0 && strcmp(oid, OID_SUBJECT_ALT_NAME) == 0)
            rc = gnutls_x509_crt_get_extension_data2(from, i, &names);
    }
    if (names.data != NULL)
        rc = gnutls_x509_crt_set_extension_by_oid(to, OID_SUBJECT_ALT_NAME, names.data, names.size,
                                                  critical);
    gnutls_free(names.data);
    return rc;
}

static bool fits(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    uint8_t id[2][20];
    size_t size[2] = {sizeof(id[0]), sizeof(id[1])};

    return gnutls_x509_crt_get_key_id(crt, 0, id[0], &size[0]) == 0 &&
           gnutls_x509_privkey_get_key_id(key, 0, id[1], &size[1]) == 0 && size[0] == size[1] &&
           memcmp(id[0], id[1], size[0]) == 0;
}

static int make_successor(gnutls_x509_crt_t old, gnutls_x509_privkey_t key, int64_t now_unix_s,
                          struct buf *ret)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_datum_t pem = {0};
    int rc = gnutls_x509_crt_init(&crt);

    if (rc == 0)
        rc = copy_names(crt, old);
    if (rc == 0)
        rc = fill(crt, key, now_unix_s);
    if (rc == 0)
        rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
    if (rc == 0)
        buf_add(ret, pem.data, pem.size);
    gnutls_free(pem.data);
    if (crt != NULL)
        gnutls_x509_crt_deinit(crt);
    return rc;
}

static void free_list(gnutls_x509_crt_t *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
}

enum status tls_cert_renew(struct slice certificate_pem, struct slice key_pem, int64_t now_unix_s,
                           struct buf *ret, struct error *err)
{
    gnutls_datum_t text = datum_of(certificate_pem), key_text = datum_of(key_pem);
    gnutls_x509_crt_t *list = NULL;
    gnutls_x509_privkey_t key = NULL;
    unsigned count = 0;
    bool is_ours = false;
    int rc = gnutls_x509_crt_list_import2(&list, &count, &text, GNUTLS_X509_FMT_PEM, 0);

    if (rc >= 0)
        rc = gnutls_x509_privkey_init(&key);
    if (rc >= 0)
        rc = gnutls_x509_privkey_import(key, &key_text, GNUTLS_X509_FMT_PEM);
    if (rc >= 0 && !fits(list[0], key))
        rc = GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
    if (rc >= 0)
        is_ours = count == 1 && is_of_here(list[0]);
    if (rc >= 0 && is_ours)
        rc = make_successor(list[0], key, now_unix_s, ret);
    free_list(list, count);
    if (key != NULL)
        gnutls_x509_privkey_deinit(key);
    if (rc < 0)
        return ERROR_SET(err, STATUS_INVALID, "cannot renew the certificate: %s",
                         gnutls_strerror(rc));
    return is_ours ? buf_check(ret, err)
                   : ERROR_SET(err, STATUS_INVALID,
                               "the certificate is not one that 'daybook init' makes; let the "
                               "authority that made it renew it");
}

enum status tls_cert_end(struct slice pem, int64_t *ret_unix_s, struct error *err)
{
    gnutls_datum_t text = datum_of(pem);
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    int rc = gnutls_x509_crt_list_import2(&list, &count, &text, GNUTLS_X509_FMT_PEM, 0);

    if (rc >= 0)
        *ret_unix_s = (int64_t)gnutls_x509_crt_get_expiration_time(list[0]);
    free_list(list, count);
    return rc >= 0 ? STATUS_OK
                   : ERROR_SET(err, STATUS_INVALID, "cannot read the certificate: %s",
                               gnutls_strerror(rc));
}

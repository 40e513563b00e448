/* SPDX-License-Identifier: Apache-2.0 */
/* crypt.c - what the primitives of evidence and encryption cost.
 * Prints one line a case: name, nanoseconds an operation, and MB/s or op/s. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "crypt/aead.h"
#include "crypt/chunked.h"
#include "crypt/hash.h"
#include "crypt/keyring_local.h"
#include "crypt/keyring_remote.h"
#include "crypt/keyring_serve.h"
#include "crypt/leaf.h"
#include "crypt/receipt.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CASE_US 300000u
#define TENANTS 10000u

struct bench {
    uint8_t *data; /* MIB random bytes */
    struct hash256 salts[LEAF_RECORDS_MAX];
    struct key key;
    struct buf sealed, out;
    struct keyring *keyring;
    struct guid tenant;
    struct error err;
};

static void fail(const struct error *err)
{
    fprintf(stderr, "%s\n", err->text);
    exit(EXIT_FAILURE);
}

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fail(err);
}

/* Runs body until CASE_US are over; bytes = 0 prints operations a second. */
static void measure(struct bench *bench, const char *name, size_t bytes, uint32_t batch,
                    void (*body)(struct bench *bench))
{
    uint64_t start = clock_monotonic_us(clock_system()), now = start, count = 0;

    for (; now - start < CASE_US; now = clock_monotonic_us(clock_system()))
        for (int i = 0; i < 16; i++, count += batch)
            body(bench);
    double ns = (double)(now - start) * 1000 / (double)count;
    if (bytes > 0)
        printf("%-34s %10.1f ns %10.1f MB/s\n", name, ns, (double)bytes * 1000 / ns);
    else
        printf("%-34s %10.1f ns %10.0f /s\n", name, ns, 1e9 / ns);
}

static void run_sha_32(struct bench *bench)
{
    sha256(bench->data, 32, bench->salts[0].bytes);
}

static void run_sha_16k(struct bench *bench)
{
    sha256(bench->data, 16384, bench->salts[0].bytes);
}

static void run_pair(struct bench *bench)
{
    sha256_prefixed_pair(1, bench->data, bench->data + 32, bench->salts[0].bytes);
}

static void run_commitment(struct bench *bench)
{
    struct slice raws[100];

    for (size_t i = 0; i < 100; i++)
        raws[i] = slice_from((const char *)bench->data + 1500 * i, 1500 + i);
    leaf_commitments(bench->salts, raws, 100, bench->salts);
}

static void run_inner(struct bench *bench)
{
    const uint32_t sizes[1000] = {0};

    leaf_inner_hashes(1, 2, sizes, bench->salts, 1000, bench->salts);
}

static void run_salts(struct bench *bench)
{
    leaf_salts(bench->data, 1000, bench->salts);
}

static void run_root(struct bench *bench)
{
    struct hash256 root;

    merkle_root(bench->salts, 1000, &root);
}

static void run_seal_100(struct bench *bench)
{
    buf_clear(&bench->out);
    must(aead_seal(&bench->key, SLICE("place"), slice_from((const char *)bench->data, 100),
                   &bench->out, &bench->err),
         &bench->err);
}

static void run_seal_big(struct bench *bench)
{
    buf_clear(&bench->out);
    must(aead_seal(&bench->key, SLICE("place"), slice_from((const char *)bench->data, 256 * KIB),
                   &bench->out, &bench->err),
         &bench->err);
}

static void run_chunked_seal(struct bench *bench)
{
    buf_clear(&bench->sealed);
    must(chunked_seal(&bench->key, SLICE("place"), slice_from((const char *)bench->data, MIB - 1),
                      &bench->sealed, &bench->err),
         &bench->err);
}

static void run_chunked_open(struct bench *bench)
{
    buf_clear(&bench->out);
    must(chunked_open(&bench->key, SLICE("place"), buf_slice(&bench->sealed), &bench->out,
                      &bench->err),
         &bench->err);
}

static enum status read_sealed(void *context, uint64_t offset, void *ret, size_t size,
                               struct error *err)
{
    const struct bench *bench = context;

    (void)err;
    memcpy(ret, bench->sealed.data + offset, size);
    return STATUS_OK;
}

static void run_chunked_range(struct bench *bench)
{
    struct chunked_source source = {&bench->key, SLICE("place"), bench->sealed.size, read_sealed,
                                    bench};
    uint8_t got[4096];

    must(chunked_open_range(&source, 100000, sizeof(got), got, &bench->err), &bench->err);
}

static void run_tenant_key(struct bench *bench)
{
    struct key key;

    must(keyring_tenant_key(bench->keyring, &bench->tenant, KEY_PURPOSE_WAL, &key, &bench->err),
         &bench->err);
}

static void run_receipt(struct bench *bench)
{
    struct receipt_fields fields = {1, 2, 3, 4, {5}};

    buf_clear(&bench->out);
    must(keyring_sign_receipt(bench->keyring, &bench->tenant, &fields, &bench->out, &bench->err),
         &bench->err);
}

struct served {
    struct keyring *keyring;
    int socket;
};

static void *serve_keyring(void *arg)
{
    struct served *served = arg;
    struct error err;

    must(keyring_serve(served->keyring, served->socket, &err), &err);
    return NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* A keyring of many tenants: how long it takes to open; then the keeper. */
static void bench_keyring(struct bench *bench)
{
    char root[] = "/dev/shm/daybook-bench-XXXXXX", kek[64];
    struct io *io = NULL;
    struct error err;

    if (mkdtemp(root) == NULL)
        return;
    (void)snprintf(kek, sizeof(kek), "%s/kek", root);
    must(io_linux_new(root, &io, &err), &err);
    must(keyring_local_create(io, kek, SLICE("bench"), &err), &err);
    must(keyring_local_open(io, kek, &bench->keyring, &err), &err);
    for (uint32_t i = 0; i < TENANTS; i++) {
        bench->tenant = guid_new();
        must(keyring_create_tenant(bench->keyring, &bench->tenant, &err), &err);
    }
    keyring_free(bench->keyring);
    uint64_t start = clock_monotonic_us(clock_system());
    must(keyring_local_open(io, kek, &bench->keyring, &err), &err);
    printf("%-34s %10.1f ms\n", "open a keyring of 10,000 tenants",
           (double)(clock_monotonic_us(clock_system()) - start) / 1000);
    measure(bench, "tenant key", 0, 1, run_tenant_key);
    measure(bench, "sign receipt", 0, 1, run_receipt);

    struct keyring *local = bench->keyring;
    struct served served = {.keyring = local};
    pthread_t thread;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        return;
    served.socket = pair[1];
    if (pthread_create(&thread, NULL, serve_keyring, &served) != 0)
        return;
    must(keyring_remote_new(pair, 1, 10000, &bench->keyring, &err), &err);
    measure(bench, "sign receipt, over a socket", 0, 1, run_receipt);
    keyring_free(bench->keyring);
    (void)pthread_join(thread, NULL);
    keyring_free(local);
    io_free(io);
    (void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL || (bench->data = malloc(MIB)) == NULL)
        return EXIT_FAILURE;
    random_bytes(bench->data, MIB);
    random_bytes(&bench->key, sizeof(bench->key));
    buf_init(&bench->sealed, 2 * MIB);
    buf_init(&bench->out, 2 * MIB);
    measure(bench, "SHA-256 of 32 bytes", 0, 1, run_sha_32);
    measure(bench, "SHA-256 of 16 KiB", 16384, 1, run_sha_16k);
    measure(bench, "tree node", 0, 1, run_pair);
    measure(bench, "commitment of 1,500 bytes, of 100", 1500, 100, run_commitment);
    measure(bench, "inner hash, of 1,000", 0, 1000, run_inner);
    measure(bench, "salt, of 1,000", 0, 1000, run_salts);
    measure(bench, "root, a record of 1,000", 0, 1000, run_root);
    measure(bench, "seal 100 bytes", 0, 1, run_seal_100);
    measure(bench, "seal 256 KiB", 256 * KIB, 1, run_seal_big);
    measure(bench, "chunked, seal 1 MiB", MIB, 1, run_chunked_seal);
    measure(bench, "chunked, open 1 MiB", MIB, 1, run_chunked_open);
    measure(bench, "chunked, open 4 KiB within 1 MiB", 0, 1, run_chunked_range);
    bench_keyring(bench);
    buf_release(&bench->sealed);
    buf_release(&bench->out);
    free(bench->data);
    free(bench);
    return EXIT_SUCCESS;
}

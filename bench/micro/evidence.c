/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c - what a checkpoint of the evidence of many tenants costs, and a
 * verification.  usage: bench_evidence DIR [TENANTS] */
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypt/leaf.h"
#include "evidence/evidence.h"

#include <stdio.h>
#include <stdlib.h>

#define RECORDS 1000u
#define RAW_BYTES 1500u

struct bench {
    struct keyring keyring; /* first: one key for all */
    struct evidence *evidence;
    char raw[RAW_BYTES];
    struct hash256 salts[RECORDS], inner[RECORDS];
    struct error err;
};

static void must(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(EXIT_FAILURE);
}

static enum status one_key(struct keyring *keyring, const struct guid *tenant,
                           enum key_purpose purpose, struct key *ret, struct error *err)
{
    (void)keyring;
    (void)tenant;
    (void)err;
    memset(ret, (int)purpose, sizeof(*ret));
    return STATUS_OK;
}

static enum status raw_of(void *context, uint64_t seq, struct slice *ret, struct error *err)
{
    const struct bench *bench = context;

    (void)seq;
    (void)err;
    *ret = slice_from(bench->raw, sizeof(bench->raw));
    return STATUS_OK;
}

static struct guid tenant_of(uint32_t number)
{
    struct guid tenant = {{0}};

    memcpy(tenant.bytes, &number, sizeof(number));
    return tenant;
}

static double ms_since(uint64_t start)
{
    return (double)(clock_monotonic_us(clock_system()) - start) / 1000;
}

/* One leaf of RECORDS equal records for each tenant. */
static void take_round(struct bench *bench, uint32_t tenants, uint64_t index)
{
    struct leaf_fields fields = {.kind = LEAF_KIND_DATA, .leaf_index = index, .count = RECORDS,
                                 .first_seq = 1 + index * RECORDS};
    struct leaf_commit commit = {.nodes = bench->inner};
    uint32_t sizes[RECORDS];

    leaf_salts(commit.seed, RECORDS, bench->salts);
    for (uint32_t i = 0; i < RECORDS; i++) {
        sizes[i] = RAW_BYTES;
        leaf_commitment(&bench->salts[i], slice_from(bench->raw, RAW_BYTES), &bench->inner[i]);
    }
    leaf_inner_hashes(fields.first_seq, 0, sizes, bench->inner, RECORDS, bench->inner);
    merkle_root(bench->inner, RECORDS, &fields.batch_root);
    (void)merkle_nodes(bench->inner, RECORDS, bench->inner);
    leaf_encode(&fields, commit.leaf);
    for (uint32_t t = 0; t < tenants; t++) {
        struct leaf_sink *sink = evidence_sink(bench->evidence);
        commit.tenant = tenant_of(t);
        must(sink->take(sink, &commit, &bench->err), &bench->err);
    }
}

int main(int argc, char **argv)
{
    static const struct keyring_ops ops = {.tenant_key = one_key};
    struct bench *bench = calloc(1, sizeof(*bench));
    struct io *io = NULL;
    uint64_t tenants = 1000;

    if (bench == NULL || argc < 2 || (argc > 2 && !text_parse_u64(slice_of(argv[2]), &tenants))) {
        fprintf(stderr, "usage: bench_evidence DIR [TENANTS]\n");
        return 2;
    }
    bench->keyring.ops = &ops;
    must(io_linux_new(argv[1], &io, &bench->err), &bench->err);
    must(evidence_open(io, &bench->keyring, &bench->evidence, &bench->err), &bench->err);
    for (uint64_t round = 0; round < 2; round++) {
        uint64_t start = clock_monotonic_us(clock_system());
        take_round(bench, (uint32_t)tenants, round);
        printf("%-34s %10.1f ms\n", "take a leaf of each tenant", ms_since(start));
        start = clock_monotonic_us(clock_system());
        must(evidence_flush(bench->evidence, &bench->err), &bench->err);
        printf("%-34s %10.1f ms\n", "flush", ms_since(start));
    }
    struct guid tenant = tenant_of(0);
    uint64_t start = clock_monotonic_us(clock_system());
    for (int i = 0; i < 20; i++)
        must(evidence_verify(bench->evidence, &tenant, 1, 2 * RECORDS, raw_of, bench,
                             &bench->err),
             &bench->err);
    printf("%-34s %10.0f /s\n", "verify, records of 1,500 bytes",
           20 * 2 * RECORDS * 1000 / ms_since(start));
    evidence_close(bench->evidence);
    io_free(io);
    free(bench);
    return EXIT_SUCCESS;
}

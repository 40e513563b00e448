/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - what an operator may set for `serve` (docs/user/config.md).
 *
 * File (YAML) < command line.  Unknown keys are errors that name the nearest
 * known one.
 */
#ifndef MAIN_CONFIG_H
#define MAIN_CONFIG_H

#include "base/arena.h"
#include "main/data_dir.h"
#include "wire/address.h"

struct config {
    char listen[256];          /* "127.0.0.1:8443" */
    char certificate[DATA_PATH_BYTES], key[DATA_PATH_BYTES]; /* PEM files */
    uint32_t connections_max;  /* 0 = default */
    struct address_ranges trusted_proxies;
    uint32_t threads;          /* of a query; 0 = number of cores */
    uint64_t memory_bytes;     /* no setting: what there is, asked before the sandbox */
    uint32_t cache_mib;        /* of decoded columns; never 0 */
    char external_hosts[4096]; /* "a.example,*.example.net": what externaldata may read */
    bool external_private;     /* also at private addresses and over plain http */
    char geoip_database[DATA_PATH_BYTES]; /* "": none */
    int log_level;             /* enum log_level */
};

void config_init(struct config *config, const struct data_dir *dir);
/* Puts text into a field of `size` bytes; STATUS_INVALID with the setting's name if it is too
 * long. */
enum status config_set(char *field, size_t size, const char *name, struct slice text,
                       struct error *err) MUST_USE;
enum status config_read(struct config *config, const char *path, struct error *err) MUST_USE;

#endif

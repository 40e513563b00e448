/* SPDX-License-Identifier: Apache-2.0 */
/* gap_priv.h - which records are lost, and whether a scan could have met them.
 *
 * A loss that nobody accepted makes every scan of the tenant incomplete, as neither the
 * table nor the times of what is lost are known.  One that was accepted concerns the
 * scans that neither its numbers nor its times rule out.
 */
#ifndef STORE_GAP_PRIV_H
#define STORE_GAP_PRIV_H

#include "store/scan_priv.h"
#include "store/seq_set_priv.h"
#include "store/store.h"

#include <pthread.h>

struct gap_list {
    pthread_mutex_t lock; /* all below */
    struct store_gap *items;
    uint32_t count, capacity;
};

void gap_list_init(struct gap_list *list);
void gap_list_release(struct gap_list *list);
/* Adds it, or replaces the one with its tenant and numbers. */
enum status gap_list_set(struct gap_list *list, const struct store_gap *gap,
                         struct error *err) MUST_USE;
/* A gap of the tenant in [from, last]. */
bool gap_list_find(struct gap_list *list, const struct guid *tenant, uint64_t from, uint64_t last,
                   struct store_gap *ret);
/* Adds the numbers of the tenant's gaps, but for those that is_left_out() names. */
enum status gap_list_numbers(struct gap_list *list, const struct guid *tenant,
                             bool (*is_left_out)(const void *context,
                                                 const struct store_gap *gap),
                             const void *context, struct seq_set *ret,
                             struct error *err) MUST_USE;
/* A copy of all in the arena, with room for `more`. */
enum status gap_list_all(struct gap_list *list, uint32_t more, struct arena *arena,
                         struct store_gap **ret, uint32_t *ret_count, struct error *err) MUST_USE;
/* Copies those of the tenants to the source. */
enum status gap_list_copy(struct gap_list *list,
                          bool (*is_of)(const void *context, const struct guid *tenant),
                          const void *context, struct scan_source *source,
                          struct error *err) MUST_USE;
/* The first gap of the source that the scan could have met; NULL: none. */
const struct store_gap *gap_met(const struct scan_source *source,
                                const struct scan_request *request);
/* The rows of a section that cannot be read. */
struct store_gap section_gap(const struct section *section);
/* "records 3 to 7, or some of them, were lost to damage" */
void gap_describe(const struct store_gap *gap, char *ret, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which projections a word in any column is looked for below. */
#include "told.h"

#define INVOICE "* has \\\"invoice\\\""

static const struct told given_on[] = {
    {"@ | project x = tolower(s), y = tostring(n) | where * has 'invoice'", INVOICE},
    {"@ | project x = iff(n == 1, s, 'none') | where * has 'invoice'", INVOICE},
    {"@ | project x = iff(n == 1, s, 'no invoice') | where * has 'invoice'", NULL},
    {"@ | project x = case(s == 'invoice', 'a', n > 1, s, '') | where * has 'invoice'", INVOICE},
    {"@ | project x = case(n == 1, 'an invoice', s) | where * has 'invoice'", NULL},
    {"@ | project x = case(n == 1, s, 'an invoice') | where * has 'invoice'", NULL},
    {"@ | project x = coalesce(tostring(d.a), s) | where * has 'invoice'", INVOICE},
    {"@ | project x = tostring(dynamic({'1': 'x'})[tostring(n)]) | where * has 'invoice'", INVOICE},
    {"@ | project x = tostring(dynamic({'1': 'Invoice'})[s]) | where * has 'invoice'", NULL},
    {"@ | project x = strcat(s, 's') | where * has 'invoice'", NULL},
    {"@ | project x = substring(s, 1) | where * has 'invoice'", NULL},
    {"@ | project x = reverse(s) | where * has 'invoice'", NULL},
    {"@ | project x = s, y = rand() | where * has 'invoice'", INVOICE}, /* which is no number */
};
TOLD_TEST(what_is_given_on_is_passed, given_on)

static const struct told parts[] = {
    {"@ | project x = split(s, ':')[1] | where * has 'invoice'", INVOICE},
    {"@ | project x = split(s, 'a')[1] | where * has 'invoice'", NULL},
    {"@ | project x = split(s, '') | where * has 'invoice'", NULL},
    {"@ | project x = extract('k\":\"([^\"]*)\"', 1, s) | where * has 'invoice'", INVOICE},
    {"@ | project x = extract('k=\"([a-z]*)\"', 1, s) | where * has 'invoice'", INVOICE},
    {"@ | project x = extract('k=\"([a-z]*)\"', 0, s) | where * has 'invoice'", NULL},
    {"@ | project x = extract('k=([a-z]*)', 1, s) | where * has 'invoice'", NULL},
    {"@ | project x = extract('k=\"([a-z]*)\"?', 1, s) | where * has 'invoice'", NULL},
    {"@ | project x = extract('k=\"([a-z]*)\"{0,1}', 1, s) | where * has 'invoice'", NULL},
    {"@ | project x = extract('(a)b|\"(c)\"', 1, s) | where * has 'invoice'", NULL},
    {"@ | project x = extract('\"(a(b))\"', 1, s) | where * has 'invoice'", NULL},
    {"@ | project x = trim_end('\\\\.', s) | where * has 'invoice'", INVOICE},
    {"@ | project x = trim('\\\\w', s) | where * has 'invoice'", NULL},
    {"@ | project x = trim('s', s) | where * has 'invoice'", NULL},
};
TOLD_TEST(parts_end_where_terms_do, parts)

static const struct told packed[] = {
    {"@ | project x = bag_pack('k', s, 'n', n, 't', now()) | where * has 'invoice'", INVOICE},
    {"@ | project x = bag_pack('invoice', s) | where * has 'invoice'", NULL},
    {"@ | project x = bag_pack('k', s) | where * has 'number'", NULL}, /* \n before umber */
    {"@ | project x = pack_array(s, d), y = bag_merge(d, bag_pack('k', s))"
     " | where * has 'invoice'", INVOICE},
    {"@ | project x = bag_remove_keys(pack_all(true), dynamic(['n'])) | where * has 'invoice'",
     INVOICE},
    {"@ | project x = bag_pack('k', strcat(s, s)) | where * has 'invoice'", NULL},
    {"@ | project x = pack_record(d, dynamic([])), s | where * has 'invoice'", INVOICE},
    {"@ | project x = pack_record(d, dynamic([])), s | where * has 'number'", NULL},
    {"@ | project x = entra_device(d), y = pair_value(d, 'k') | where * has 'invoice'", INVOICE},
    {"@ | project x = entra_device(d) | where * has 'hybrid'", NULL}, /* one of its own words */
    {"@ | project x = entra_initiator(d, s, s).user.id | where * has 'invoice'", INVOICE},
    {"@ | project x = entra_initiator(d, s, s) | where * has 'ipaddress'", NULL},
    {"@ | project x = entra_details(d) | where * has 'invoice'", NULL}, /* decodes */
    {"@ | project x = n > 1, y = n + 1 | where * has 'invoice'", INVOICE},
    {"@ | project x = n > 1, y = n + 1 | where * has 'true'", NULL},
    {"@ | project x = n + 1 | where * has '443'", NULL},
};
TOLD_TEST(what_is_packed_is_passed, packed)

static const char *const alike[] = {
    "@ | project id, x = iff(n > 1, s, 'none') | where * has 'alpha' | summarize count(), sum(id)",
    "@ | project id, x = bag_pack('k', s, 'd', d) | search 'alpha' | summarize count(), sum(id)",
};
MIXED_TEST(encodings_do_not_matter, mixed_same, alike)

ASK_MAIN(cmocka_unit_test(what_is_given_on_is_passed),
         cmocka_unit_test(parts_end_where_terms_do),
         cmocka_unit_test(what_is_packed_is_passed),
         cmocka_unit_test(encodings_do_not_matter))

/* SPDX-License-Identifier: Apache-2.0 */
/* IPv6 addresses and networks, and texts that are none. */
#include "ask.h"

static const struct ask addresses_cases[] = {
    {"print parse_ipv6('127.0.0.1'), parse_ipv6('fe80::85d:e82c:9446:7994'), parse_ipv6('x')",
     "[[\"0000:0000:0000:0000:0000:ffff:7f00:0001\",\"fe80:0000:0000:0000:085d:e82c:9446:7994\","
     "\"\"]]"},
    {"print parse_ipv6_mask('127.0.0.1', 24)", "[[\"0000:0000:0000:0000:0000:ffff:7f00:0000\"]]"},
    {"print parse_ipv6_mask('fe80::85d:e82c:9446:7994', 120), parse_ipv6_mask('::1', 129)",
     "[[\"fe80:0000:0000:0000:085d:e82c:9446:7900\",\"\"]]"},
};
ASK_TEST(addresses, addresses_cases)

static const struct ask networks_cases[] = {
    {"print ipv6_compare('::1', '::1'), ipv6_compare('::1', '::2'), ipv6_compare('::2', '::1'), "
     "ipv6_compare('::1', 'x')",
     "[[0,-1,1,null]]"},
    {"print ipv6_is_match('fe80::85d:e82c:9446:7994', 'fe80::85d:e82c:9446:7995', 127), "
     "ipv6_is_match('::ffff:7f00:1', '127.0.0.1'), ipv6_is_match('::1', '::2')",
     "[[true,true,false]]"},
    {"print ipv6_is_in_range('a5e:f127:8a9d:146d:e102:b5d3:c755:abcd', "
     "'a5e:f127:8a9d:146d:e102:b5d3:c755:0000/112'), ipv6_is_in_range('::1', 'fe80::/10')",
     "[[true,false]]"},
    {"print ipv6_is_in_any_range('::1', 'fe80::/10', '::/64'), ipv6_is_in_any_range('::1', "
     "dynamic(['fe80::/10']))",
     "[[true,false]]"},
};
ASK_TEST(networks, networks_cases)

ASK_MAIN(cmocka_unit_test(addresses),
         cmocka_unit_test(networks))

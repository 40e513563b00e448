/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 addresses and networks, and texts that are none. */
#include "ask.h"

static const struct ask addresses_cases[] = {
    {"print parse_ipv4('192.168.1.1'), parse_ipv4('192.168.1.0/24'), parse_ipv4('256.1.1.1'), "
     "parse_ipv4('')",
     "[[3232235777,3232235776,null,null]]"},
    {"print parse_ipv4_mask('127.0.0.1', 24), parse_ipv4_mask('x', 24)",
     "[[2130706432,null]]"},
    {"print format_ipv4('192.168.1.255', 24), format_ipv4(3232236031), format_ipv4('x')",
     "[[\"192.168.1.0\",\"192.168.1.255\",\"\"]]"},
    {"print format_ipv4_mask('192.168.1.255', 24), format_ipv4_mask('1.2.3.4')",
     "[[\"192.168.1.0/24\",\"1.2.3.4/32\"]]"},
};
ASK_TEST(addresses, addresses_cases)

static const struct ask networks_cases[] = {
    {"print ipv4_is_in_range('10.1.2.3', '10.0.0.0/8'), ipv4_is_in_range('11.1.2.3', "
     "'10.0.0.0/8'), ipv4_is_in_range('x', '10.0.0.0/8')",
     "[[true,false,null]]"},
    {"print ipv4_is_in_any_range('10.1.2.3', '1.0.0.0/8', '10.0.0.0/8'), "
     "ipv4_is_in_any_range('10.1.2.3', dynamic(['1.0.0.0/8']))",
     "[[true,false]]"},
    {"print ipv4_is_match('10.1.2.3', '10.1.2.9', 24), ipv4_is_match('10.1.2.3', '10.1.2.9'), "
     "ipv4_is_match('10.1.2.3/24', '10.1.2.9')",
     "[[true,false,true]]"},
    {"print ipv4_compare('10.0.0.1', '10.0.0.2'), ipv4_compare('10.0.0.2', '10.0.0.1'), "
     "ipv4_compare('10.0.0.1', '10.0.0.2', 24), ipv4_compare('x', '1.1.1.1')",
     "[[-1,1,0,null]]"},
    {"print ipv4_is_private('10.1.2.3'), ipv4_is_private('172.32.0.1'), "
     "ipv4_is_private('192.168.0.0/16'), ipv4_is_private('x')",
     "[[true,false,true,null]]"},
    {"print ipv4_netmask_suffix('10.1.2.3/24'), ipv4_netmask_suffix('10.1.2.3'), "
     "ipv4_netmask_suffix('10.1.2.3/33')",
     "[[24,32,null]]"},
    {"print ipv4_range_to_cidr_list('1.1.128.0', '1.1.140.255')",
     "[[[\"1.1.128.0/21\",\"1.1.136.0/22\",\"1.1.140.0/24\"]]]"},
};
ASK_TEST(networks, networks_cases)

static const struct ask in_texts_cases[] = {
    {"print has_ipv4('from 10.1.2.3: x', '10.1.2.3'), has_ipv4('from 10.1.2.34', '10.1.2.3'), "
     "has_ipv4('10.1.2.3', '10.1.2.300')",
     "[[true,false,false]]"},
    {"print has_ipv4_prefix('at 10.1.2.3.', '10.1.'), has_ipv4_prefix('at 110.1.2.3', '10.1.')",
     "[[true,false]]"},
    {"print has_any_ipv4('at 10.1.2.3', '1.1.1.1', '10.1.2.3'), has_any_ipv4_prefix('at "
     "10.1.2.3', dynamic(['1.', '10.']))",
     "[[true,true]]"},
    {"print has_ipv4('“10.1.2.3”', '10.1.2.3'), has_any_ipv4('来源:10.1.2.3,已阻止', "
     "'10.1.2.3'), has_ipv4_prefix(strcat('ip', make_string(160), '10.1.2.3'), '10.1.'), "
     "has_ipv4('来自10.1.2.3', '10.1.2.3'), has_ipv4('10.1.2.3é', '10.1.2.3')",
     "[[true,true,true,false,false]]"},
    {"print has_ipv4('retry 10.1.2.3...', '10.1.2.3'), has_ipv4('10.1.2.3..x', '10.1.2.3'), "
     "has_ipv4('1.10.1.2.3', '10.1.2.3'), has_ipv4('10.1.2.3.4', '10.1.2.3')",
     "[[true,false,false,false]]"},
    /* a whole address is not the beginning of a longer one */
    {"print has_ipv4_prefix('at 192.168.1.110', '192.168.1.11'), "
     "has_ipv4_prefix('at 192.168.1.110, 192.168.1.11.', '192.168.1.11'), "
     "has_any_ipv4_prefix('at 10.1.2.34', dynamic(['10.1.2.3', '10.1.2'])), "
     "has_ipv4_prefix('at 10.1.2.3.', '10.1.2.3.'), has_ipv4_prefix('at 10.1.2.3', '10.1.2.')",
     "[[false,true,false,false,true]]"},
};
ASK_TEST(in_texts, in_texts_cases)

ASK_MAIN(cmocka_unit_test(addresses),
         cmocka_unit_test(networks),
         cmocka_unit_test(in_texts))

/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups by network give what every row against every network gives. */
#include "ask.h"

static uint64_t random_state = 7;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

/* Few bits, so that networks hold one another, and come twice. */
static void add_v4(struct buf *text)
{
    static const char *const odd[] = {"",           "x",           "10.0.0.256", "10.0.0.0/33",
                                      " 10.0.0.1 ", "10.0.0.0/-1", "10.0.1",     "::1"};
    static const uint8_t prefixes[] = {0, 1, 7, 8, 9, 14, 15, 16, 17, 23, 24, 25, 30, 31, 32};

    if (draw(16) == 0) {
        buf_add_format(text, "'%s'", odd[draw(8)]);
        return;
    }
    buf_add_format(text, "'%u.%u.%u.%u", 10 + draw(2), draw(3), draw(3) * 127, draw(4));
    if (draw(3) > 0)
        buf_add_format(text, "/%u", prefixes[draw(sizeof(prefixes))]);
    buf_add_byte(text, '\'');
}

static void add_v6(struct buf *text)
{
    static const char *const odd[] = {"",       "x",           "::/0",          "::/129",
                                      "::1%e0", "::10.0.0.1",  "::ffff:10.0.0.0/8", "1:2",
                                      "::/96",  "fe80::/10",   "::ffff:0:0/96",     "::1/128"};
    static const uint8_t prefixes[] = {0,  1,  15, 16, 17,  31,  32,  47,  63,
                                       64, 65, 96, 97, 111, 112, 120, 127, 128};

    if (draw(3) == 0) {
        buf_add_format(text, "'%s'", odd[draw(12)]);
        return;
    }
    if (draw(3) == 0) {
        add_v4(text);
        return;
    }
    buf_add_format(text, "'fe8%u:%u::%u:%u", draw(2), draw(2), draw(2) * 32768, draw(3));
    if (draw(3) > 0)
        buf_add_format(text, "/%u", prefixes[draw(sizeof(prefixes))]);
    buf_add_byte(text, '\'');
}

static void add_table(struct buf *text, const char *name, const char *address, bool v6,
                      uint32_t rows)
{
    buf_add_format(text, "let %s = datatable(%s: string, k: string, n: long)[", name, address);
    for (uint32_t i = 0; i < rows; i++) {
        buf_add_text(text, i > 0 ? ", " : "");
        if (v6)
            add_v6(text);
        else
            add_v4(text);
        buf_add_format(text, ", '%c', %u", 'a' + (int)draw(3), i);
    }
    buf_add_text(text, "]; ");
}

/* Pairs that one of the two gives more often than the other one, and whether there are any. */
static void add_query(struct buf *text, bool v6, bool by_key, bool unmatched)
{
    const char *key = by_key ? ", k" : "";

    add_table(text, "Rows", "ip", v6, 60);
    add_table(text, "Nets", "net", v6, draw(60));
    buf_add_format(text,
                   "let got = Rows | evaluate ipv%u_lookup((Nets | project net, k, m = n), ip,"
                   " net%s%s) | project n, m; ",
                   v6 ? 6 : 4, key, unmatched ? ", return_unmatched = true" : "");
    buf_add_format(text,
                   "let met = Rows | extend j = 1 | join kind=inner (Nets | project net, k, m = n,"
                   " j = 1) on j%s | where ipv%u_is_match(ip, net) | project n, m; ",
                   key, v6 ? 6 : 4);
    buf_add_text(text, unmatched ? "let wanted = union met, (Rows | where n !in ((met | project n))"
                                   " | project n, m = long(null)); "
                                 : "let wanted = met; ");
    buf_add_text(text, "union (got | extend w = 1), (wanted | extend w = -1) | summarize w = "
                       "sum(w), c = count() by n, m | summarize countif(w != 0), countif(c > 2)");
    buf_add_byte(text, '\0');
}

static void rows_meet_the_networks_that_match(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        struct buf text;
        buf_init(&text, QUERY_TEXT_BYTES_MAX);
        add_query(&text, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
        assert_false(text.failed);
        ask_all(&(struct ask){text.data, "[[0,0]]"}, 1);
        buf_release(&text);
    }
}

#define ROWS(COUNT) "range x from 1 to " COUNT " step 1 | extend ip = format_ipv4(x * 4) "

static const struct ask many_cases[] = {
    /* a thousand networks that share a million rows out among them, and one of all */
    {ROWS("1000000") "| evaluate ipv4_lookup((range y from 0 to 1000 step 1 | extend net = iff(y "
                     "== 0, '0.0.0.0/0', format_ipv4_mask((y - 1) * 4096, 20))), ip, net)"
                     " | summarize count(), countif(y == 0), max(y)",
     "[[2000000,1000000,977]]"},
    {ROWS("1000000") "| evaluate ipv6_lookup((range y from 0 to 50 step 1 | extend net = iff(y == "
                     "0, '::/0', format_ipv4_mask((y - 1) * 65536, 16))), ip, net)"
                     " | summarize count(), countif(y == 0), max(y)",
     "[[1819199,1000000,50]]"},
    /* the same network many times over, beside all rows */
    {"set servertimeout = 20s; " ROWS("200000") "| evaluate ipv4_lookup((range y from 1 to 200000 "
     "step 1 | extend net = '0.0.0.1/32'), ip, net, return_unmatched = true) | summarize count(), "
     "countif(isnotnull(y))",
     "[[200000,0]]"},
    /* it holds one row: what that meets comes in the order of the table */
    {"print ip = '10.1.1.1' | evaluate ipv4_lookup((range y from 1 to 10000 step 1 | extend net = "
     "strcat('10.1.1.1/', y % 33)), ip, net) | serialize p = prev(y) | summarize count(), "
     "countif(y <= p)",
     "[[10000,0]]"},
};
ASK_TEST(many_rows_meet_many_networks, many_cases)

static const struct ask types_cases[] = {
    {"print ip = dynamic('10.1.1.1') | evaluate ipv4_lookup(datatable(net: dynamic, n: long)["
     "dynamic('10.0.0.0/8'), 1, dynamic(null), 2, dynamic(7), 3], ip, net) | project n",
     "[[1]]"},
    {"datatable(ip: string)[] | evaluate ipv4_lookup(datatable(net: string)['::/0'], ip, net)",
     "[]"},
    {"print ip = '::1' | evaluate ipv6_lookup(datatable(net: string)[], ip, net)", "[]"},
    {"print ip = '::1' | evaluate ipv6_lookup(datatable(net: string, n: long)[], ip, net, true)",
     "[[\"::1\",\"\",null]]"},
    {"print ip = '10.1.1.1', k = 1 | evaluate ipv4_lookup(datatable(net: string, k: real)["
     "'10.0.0.0/8', 1.0], ip, net, k)",
     "[[\"10.1.1.1\",1,\"10.0.0.0/8\"]]"},
    {"print ip = '10.1.1.1', k = 1 | evaluate ipv4_lookup(datatable(net: string, k: bool)["
     "'10.0.0.0/8', true], ip, net, k)",
     "! 1:32 cannot join a long with a bool"},
    {"print ip = 7 | evaluate ipv4_lookup(datatable(net: string)['10.0.0.0/8'], ip, net)",
     "! argument 1 of 'ipv4_is_match'"},
    {"print ip = '7' | evaluate ipv4_lookup(datatable(net: long)[7], ip, net)",
     "! argument 2 of 'ipv4_is_match'"},
};
ASK_TEST(texts_are_read_as_addresses, types_cases)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_meet_the_networks_that_match),
        cmocka_unit_test(many_rows_meet_many_networks),
        cmocka_unit_test(texts_are_read_as_addresses),
    };

    return RUN_TESTS(tests);
}

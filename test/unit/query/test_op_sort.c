/* SPDX-License-Identifier: Apache-2.0 */
/* sort and top: keys that are expressions, columns nobody wants, pruning. */
#include "ask.h"

static const struct ask sorts_cases[] = {
    {"range x from 1 to 4 step 1 | sort by x % 2 asc, x desc | project x", "[[4],[2],[3],[1]]"},
    {"range x from 1 to 4 step 1 | extend y = -x, z = 'z' | sort by y asc | project z, x",
     "[[\"z\",4],[\"z\",3],[\"z\",2],[\"z\",1]]"},
    {"datatable(d: dynamic, n: long)['b', 1, 'a', 2] | sort by tostring(d) asc | project n",
     "[[2],[1]]"},
    {"range x from 1 to 20000 step 1 | extend s = strcat('prefix-', x % 7, '-', x % 11) | "
     "sort by s asc, x asc | serialize p = prev(s), q = prev(x) | where s < p or s == p and x < q "
     "| count",
     "[[0]]"},
};
ASK_TEST(sorts, sorts_cases)

/* More rows than are kept before they are pruned. */
static const struct ask tops_cases[] = {
    {"range x from 1 to 50000 step 1 | extend s = tostring(x % 1000), y = x | top 2 by s asc, x "
     "desc | project s, x, y",
     "[[\"0\",50000,50000],[\"0\",49000,49000]]"},
    {"range x from 1 to 50000 step 1 | top 3 by x % 25000 desc | project x",
     "[[24999],[49999],[24998]]"},
};
ASK_TEST(tops, tops_cases)

static const struct ask errors_cases[] = {
    {"print x = 1 | sort by y", "! column 'y' is not known"},
    {"range x from 1 to 100000000 step 1 | sort by x asc", "! E_RUNAWAY_QUERY"},
};
ASK_TEST(errors, errors_cases)

ASK_MAIN(cmocka_unit_test(sorts),
         cmocka_unit_test(tops),
         cmocka_unit_test(errors))

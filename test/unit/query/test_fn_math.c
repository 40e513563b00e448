/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of reals at their borders. */
#include "ask.h"

static const struct ask powers_cases[] = {
    {"print sqrt(4), sqrt(-1), pow(2, 10), pow(0, 0), exp(0), exp2(3), exp10(2)",
     "[[2,null,1024,1,1,8,100]]"},
    {"print log(1), log(0), log(-1), log2(8), log10(1000), log2(-8), log10(-1), log(8, -2)",
     "[[0,\"-Infinity\",null,3,3,null,null,null]]"},
};
ASK_TEST(powers, powers_cases)

static const struct ask angles_cases[] = {
    {"print sin(0), cos(0), tan(0), asin(1) == pi() / 2, acos(2), atan(0), atan2(0, -1) == pi()",
     "[[0,1,0,true,null,0,true]]"},
    {"print degrees(pi()), radians(180) == pi(), round(cot(pi() / 4), 10)",
     "[[180,true,1]]"},
};
ASK_TEST(angles, angles_cases)

static const struct ask what_is_no_number_cases[] = {
    {"print isnan(real(nan)), isnan(1), isinf(real(+inf)), isinf(1), isfinite(1), "
     "isfinite(real(-inf)), isfinite(real(nan))",
     "[[true,false,true,false,true,false,false]]"},
    {"print sqrt(long(null)), isnan(real(null))",
     "[[null,false]]"},
    {"print gamma(5), round(loggamma(5), 6), round(erf(1), 6), round(erfc(1), 6)",
     "[[24,3.178054,0.842701,0.157299]]"},
};
ASK_TEST(what_is_no_number, what_is_no_number_cases)

ASK_MAIN(cmocka_unit_test(powers),
         cmocka_unit_test(angles),
         cmocka_unit_test(what_is_no_number))

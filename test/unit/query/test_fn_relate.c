/* SPDX-License-Identifier: Apache-2.0 */
/* One series against another. */
#include "ask.h"

static const struct ask likeness_cases[] = {
    {"print series_pearson_correlation(dynamic([1, 2, 3]), dynamic([3, 2, 1]))",
     "[[-1]]"},
    {"print series_pearson_correlation(dynamic([1, 'x']), dynamic([3, 2])), "
     "series_pearson_correlation(dynamic([1]), dynamic([1, 2])), "
     "series_pearson_correlation(dynamic([]), dynamic([]))",
     "[[null,null,null]]"},
    {"print series_cosine_similarity(dynamic([3, 4]), dynamic([6, 8])), "
     "series_cosine_similarity(dynamic([3, 4]), dynamic([6, 8]), 10, 10)",
     "[[1,0.5]]"},
    {"print series_cosine_similarity(dynamic([1, 0, 7]), dynamic([1, 0])), "
     "series_cosine_similarity(dynamic([]), dynamic([1]))",
     "[[1,null]]"},
    {"print series_cosine_similarity(dynamic([1]))",
     "! SEM0219"},
};
ASK_TEST(likeness, likeness_cases)

static const struct ask polynomials_cases[] = {
    {"print y = dynamic([1, 4, 9, 16]) | project series_fit_poly(y, dynamic([1, 2, 3, 4]), 2) "
     "| project r = round(series_fit_poly_y_rsquare, 9), a = "
     "round(todouble(series_fit_poly_y_coefficients[0]), 9), v = series_fit_poly_y_variance",
     "[[1,1,43]]"},
    {"print y = dynamic([1, 2, 3]) | extend series_fit_poly(y) | project "
     "array_length(series_fit_poly_y_coefficients), round(series_fit_poly_y_rvariance, 9)",
     "[[2,0]]"},
    {"print array_length(series_fit_poly(dynamic([5]))[1])",
     "[[1]]"},
    {"print isnull(series_fit_poly(dynamic([1, 2]), dynamic([1]), 1)[0]), "
     "isnull(series_fit_poly(dynamic(['x']))[0])",
     "[[true,true]]"},
    {"print series_fit_poly(dynamic([1, 2]), dynamic([1, 2]), 0)",
     "! 1 to 16"},
};
ASK_TEST(polynomials, polynomials_cases)

static const struct ask lines_as_bags_cases[] = {
    {"print f = series_fit_line_dynamic(dynamic([1, 2, 3])) | project f.slope, f.interception, "
     "f.line_fit",
     "[[1.0,0.0,[1.0,2.0,3.0]]]"},
    {"print f = series_fit_2lines_dynamic(dynamic([1, 2, 3, 9, 8, 7])) | project f.split_idx, "
     "f.left.slope, f.right.slope",
     "[[3,1.0,-1.0]]"},
    {"print series_fit_line_dynamic(dynamic(7)), series_fit_2lines_dynamic(dynamic([1]))",
     "[[null,null]]"},
};
ASK_TEST(lines_as_bags, lines_as_bags_cases)

ASK_MAIN(cmocka_unit_test(likeness),
         cmocka_unit_test(polynomials),
         cmocka_unit_test(lines_as_bags))

/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - removes what a test has made. */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
                                  struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* The directory and everything in it; false if something stays. */
static inline bool tree_remove(const char *root)
{
    return nftw(root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* items.h - the elements of a dynamic array as slices, and back. */
#ifndef QUERY_ITEMS_H
#define QUERY_ITEMS_H

#include "query/fn_priv.h"

struct items {
    const struct slice *data;
    uint32_t count;
};

/* The elements; none if it is not an array. */
enum status items_of(struct eval *eval, struct slice json, struct items *ret,
                     struct error *err) MUST_USE;
bool items_is_array(const struct value *value);
/* numbers and texts by value, all else by spelling; nulls last, then numbers before texts. */
int item_compare(struct slice a, struct slice b);
/* Appends bytes that are ordered as item_compare() orders what they are made of, behind
 * ITEM_ORDER_LOW and before ITEM_ORDER_HIGH. */
#define ITEM_ORDER_LOW '0'
#define ITEM_ORDER_HIGH '9'
void item_add_order(struct buf *buf, struct slice json);
bool item_equal(struct slice a, struct slice b);
/* Where an equal item is, or UINT32_MAX. */
uint32_t items_find(const struct items *items, struct slice item);

/* The JSON of any value, in the arena. */
enum status value_json(struct eval *eval, const struct value *value, struct slice *ret,
                       struct error *err) MUST_USE;

/* An array or bag under construction. */
void list_start(struct buf *buf);
void list_add(struct buf *buf, struct slice json); /* "" is null */
enum status list_give(struct eval *eval, struct buf *buf, struct value *ret,
                      struct error *err) MUST_USE;
void bag_start(struct buf *buf);
void bag_add(struct buf *buf, struct slice escaped_key, struct slice json);
void bag_add_text(struct buf *buf, const char *key, struct slice text); /* both unescaped */
enum status bag_give(struct eval *eval, struct buf *buf, struct value *ret,
                     struct error *err) MUST_USE;

#endif

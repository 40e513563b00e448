/* SPDX-License-Identifier: Apache-2.0 */
/* The text of paths: keys joined by '.', see part_priv.h. */
#include "store/path_priv.h"

bool path_is_top_level(struct slice path)
{
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] == '\\')
            i++;
        else if (path.data[i] == '.' || path.data[i] == '[')
            return false;
    }
    return true;
}

void path_add_key(struct buf *path, struct slice key)
{
    if (path->size > 0)
        buf_add_byte(path, '.');
    if (key.size == 0)
        buf_add_text(path, "\\e");
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] == '.' || key.data[i] == '[' || key.data[i] == '\\')
            buf_add_byte(path, '\\');
        buf_add_byte(path, key.data[i]);
    }
}

bool path_next_key(struct slice *path, struct buf *key)
{
    buf_clear(key);
    if (path->size == 0)
        return false;
    size_t i = 0;
    for (; i < path->size && path->data[i] != '.'; i++) {
        if (path->data[i] != '\\' || i + 1 >= path->size) {
            buf_add_byte(key, path->data[i]);
            continue;
        }
        i++;
        if (path->data[i] != 'e') /* "\e" is the empty key */
            buf_add_byte(key, path->data[i]);
    }
    *path = slice_tail(*path, i + 1);
    return true;
}

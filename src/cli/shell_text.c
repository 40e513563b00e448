/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shell_text.h"

#include "base/text.h"

#include <stdlib.h>

#define LINE_SHOWN_MAX 200u /* characters before the caret */

static bool starts_with_word(struct slice text, const char *word)
{
    struct slice w = slice_of(word);

    return slice_starts_with(text, w) && text.size > w.size &&
           (text.data[w.size] == ' ' || text.data[w.size] == '\n' || text.data[w.size] == '\t');
}

/* Where the last statement begins: behind the last `;` outside of strings, comments and
 * brackets. */
static size_t last_statement(struct slice text)
{
    size_t start = 0, depth = 0;
    char quote = '\0';

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (quote != '\0') {
            if (c == '\\')
                i++;
            else if (c == quote || c == '\n')
                quote = '\0';
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '/' && i + 1 < text.size && text.data[i + 1] == '/') {
            while (i < text.size && text.data[i] != '\n')
                i++;
        } else if (c == '(' || c == '[' || c == '{') {
            depth++;
        } else if ((c == ')' || c == ']' || c == '}') && depth > 0) {
            depth--;
        } else if (c == ';' && depth == 0) {
            start = i + 1;
        }
    }
    return start;
}

bool shell_is_ended(struct slice text)
{
    struct slice line = text;
    const char *feed;

    if (slice_trim(text).size == 0)
        return true;
    if (text.data[text.size - 1] == '\n')
        line.size--;
    feed = memrchr(line.data, '\n', line.size);
    if (feed != NULL)
        line = slice_tail(line, (size_t)(feed - line.data) + 1);
    if (slice_trim(line).size == 0)
        return true;
    struct slice whole = slice_trim(text);
    if (whole.data[whole.size - 1] != ';')
        return false;
    whole.size--;
    struct slice last = slice_trim(slice_tail(whole, last_statement(whole)));
    return !starts_with_word(last, "let") && !starts_with_word(last, "set") &&
           !starts_with_word(last, "declare");
}

void shell_add_caret(struct buf *ret, struct slice text, uint32_t line, uint32_t column)
{
    struct slice rest = text, wanted = {"", 0};
    uint32_t number = 0;
    size_t at = 0;

    while (number < line && slice_next(&rest, '\n', &wanted))
        number++;
    if (line == 0 || column == 0 || number != line || column > LINE_SHOWN_MAX)
        return;
    for (uint32_t i = 1; i < column && at < wanted.size; i++)
        (void)text_next_rune(wanted, &at);
    size_t before = ret->size;
    buf_add_text(ret, "  ");
    text_add_printable(ret, slice_head(wanted, at));
    size_t width = text_rune_count(slice_from(ret->data + before, ret->size - before));
    text_add_printable(ret, slice_head(slice_tail(wanted, at), LINE_SHOWN_MAX));
    buf_add_byte(ret, '\n');
    for (size_t i = 0; i < width; i++)
        buf_add_byte(ret, ' ');
    buf_add_text(ret, "^\n");
}

void shell_add_history_path(struct buf *ret)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state != NULL && state[0] == '/')
        buf_add_format(ret, "%s/daybook/history", state);
    else if (home != NULL && home[0] == '/')
        buf_add_format(ret, "%s/.local/state/daybook/history", home);
}

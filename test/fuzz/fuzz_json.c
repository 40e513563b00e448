/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the bytes: no crash, tokens inside the text, children inside their
 * parents, and what is accepted is accepted again. */
#include "codec/json.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size);
    struct json_tape tape;
    struct buf decoded;

    json_tape_init(&tape);
    buf_init(&decoded, size * 3 + 1);
    if (json_parse(text, JSON_DEPTH_MAX, &tape) == JSON_OK) {
        for (uint32_t i = 0; i < tape.count; i++) {
            const struct json_token *t = &tape.tokens[i];
            CHECK(t->start <= t->end && t->end <= size);
            CHECK(t->next > i && t->next <= tape.count);
            if (t->kind == JSON_STRING)
                json_unescape(json_text(text, t), &decoded);
            if (t->kind == JSON_OBJECT)
                (void)json_member(text, tape.tokens, i, SLICE("a"));
        }
        CHECK(json_parse(text, JSON_DEPTH_MAX, &tape) == JSON_OK);
    }
    buf_release(&decoded);
    json_tape_release(&tape);
    return 0;
}

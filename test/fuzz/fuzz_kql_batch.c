/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kql_batch.c - lines of a batch of queries: each has one line of JSON as its answer, which
 * carries its id, unless that has no room. */
#include "kql_table.h"
#include "query/batch.h"

#include "base/check.h"
#include "base/limits.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(struct slice answer)
{
    struct json_tape tape;

    json_tape_init(&tape);
    CHECK(answer.size > 1 && answer.data[answer.size - 1] == '\n');
    CHECK(slice_find_byte(answer, '\n', 0) == answer.size - 1);
    CHECK(json_parse(slice_trim(answer), 16 * JSON_DEPTH_MAX, &tape) == JSON_OK);
    CHECK(tape.tokens[0].kind == JSON_OBJECT);
    CHECK(json_member(answer, tape.tokens, 0, SLICE("id")) != UINT32_MAX);
    CHECK((json_member(answer, tape.tokens, 0, SLICE("rows")) == UINT32_MAX) !=
          (json_member(answer, tape.tokens, 0, SLICE("error")) == UINT32_MAX));
    json_tape_release(&tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_from((const char *)data, size), line;
    struct query_request base = {.env = kql_table_env(),
                                 .memory_bytes = 16 * MIB,
                                 .time_ms = 1000,
                                 .rows_max = 1000,
                                 .now = TICKS_UNIX_EPOCH + 20460 * TICKS_PER_DAY};

    /* Behind a NUL byte line feeds are part of the line, as in a body over HTTP. */
    bool is_body = size > 0 && data[0] == '\0';
    if (is_body)
        rest = slice_tail(rest, 1);
    while (slice_next(&rest, is_body ? '\0' : '\n', &line)) {
        struct error err = {0};
        struct buf answer;
        buf_init(&answer, 64 * MIB);
        enum status status = query_batch_line(&base, slice_trim(line), &answer, &err);
        if (status == STATUS_OK)
            check_answer(buf_slice(&answer));
        else
            CHECK(err.text[0] != '\0');
        buf_release(&answer);
    }
    return 0;
}

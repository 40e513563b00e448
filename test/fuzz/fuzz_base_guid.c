/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_base_guid.c - any text as a GUID: both readers agree, and what is read has one lower-case
 * spelling that is read again. */
#include "base/check.h"
#include "base/guid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spelling(const struct guid *guid)
{
    char text[GUID_TEXT_BYTES + 1];
    struct guid again, lower;

    guid_format(guid, text);
    CHECK(strlen(text) == GUID_TEXT_BYTES);
    CHECK(guid_parse(slice_of(text), &again) && guid_equal(guid, &again));
    CHECK(guid_parse_lower(text, &lower) && guid_equal(guid, &lower));
    CHECK(guid_is_zero(guid) == (strspn(text, "0-") == GUID_TEXT_BYTES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from((const char *)data, size);
    char spelled[GUID_TEXT_BYTES + 1] = "";
    struct guid guid = {{1}}, lower;
    const struct guid before = guid;

    bool is_guid = guid_parse(text, &guid);
    if (is_guid) {
        check_spelling(&guid);
        guid_format(&guid, spelled);
    } else {
        CHECK(guid_equal(&guid, &before));
    }
    if (size == GUID_TEXT_BYTES) {
        bool is_lower = guid_parse_lower(text.data, &lower);
        CHECK(is_lower == (is_guid && slice_is(text, spelled)));
        CHECK(!is_lower || guid_equal(&guid, &lower));
    }
    if (size == sizeof(guid.bytes)) {
        memcpy(guid.bytes, data, size);
        check_spelling(&guid);
    }
    return 0;
}

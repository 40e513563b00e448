/* SPDX-License-Identifier: Apache-2.0 */
/* json_simdjson.cc - see json_simdjson.h. */
#include "json_simdjson.h"

#include <simdjson.h>
#include <string_view>

namespace {

void walk(const json_events &events, simdjson::dom::element element)
{
    switch (element.type()) {
    case simdjson::dom::element_type::OBJECT:
        events.open(events.to, '{');
        for (simdjson::dom::key_value_pair field : simdjson::dom::object(element)) {
            events.text(events.to, field.key.data(), field.key.size());
            walk(events, field.value);
        }
        events.open(events.to, '}');
        break;
    case simdjson::dom::element_type::ARRAY:
        events.open(events.to, '[');
        for (simdjson::dom::element child : simdjson::dom::array(element))
            walk(events, child);
        events.open(events.to, ']');
        break;
    case simdjson::dom::element_type::STRING: {
        const std::string_view text(element);
        events.text(events.to, text.data(), text.size());
        break;
    }
    case simdjson::dom::element_type::INT64:
        events.whole(events.to, int64_t(element));
        break;
    case simdjson::dom::element_type::UINT64:
        events.beyond(events.to, uint64_t(element));
        break;
    case simdjson::dom::element_type::DOUBLE:
        events.real(events.to, double(element));
        break;
    case simdjson::dom::element_type::BOOL:
        events.word(events.to, bool(element) ? 't' : 'f');
        break;
    case simdjson::dom::element_type::NULL_VALUE:
        events.word(events.to, 'n');
        break;
    }
}

} // namespace

bool json_simdjson_walk(const char *text, size_t size, size_t depth_max, const json_events *events)
{
    simdjson::dom::parser parser;
    simdjson::dom::element root;

    if (parser.allocate(size > 0 ? size : 1, depth_max) != simdjson::SUCCESS ||
        parser.parse(text, size).get(root) != simdjson::SUCCESS)
        return false;
    walk(*events, root);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "query/re2_shim_priv.h"

#include <cstdio>
#include <map>
#include <new>
#include <string>

#include <re2/re2.h>

struct regex {
    RE2 re;

    regex(re2::StringPiece pattern, const RE2::Options &options) : re(pattern, options) {}
};

extern "C" struct regex *re2_shim_new(const char *pattern, size_t size,
                                      const struct re2_options *options, char *error_text,
                                      size_t error_bytes)
{
    error_text[0] = '\0';
    try {
        RE2::Options re2_options;
        re2_options.set_log_errors(false);
        re2_options.set_max_mem(options->memory_bytes);
        re2_options.set_case_sensitive(!options->nocase);
        re2_options.set_dot_nl(options->dot_newline);
        re2_options.set_literal(options->literal);
        struct regex *made = new regex(re2::StringPiece(pattern, size), re2_options);
        if (made->re.ok())
            return made;
        (void)snprintf(error_text, error_bytes, "%s", made->re.error().c_str());
        delete made;
    } catch (const std::bad_alloc &) {
    }
    return nullptr;
}

extern "C" void re2_shim_free(struct regex *regex)
{
    delete regex;
}

extern "C" void re2_shim_pattern(const struct regex *regex, struct re2_span *ret)
{
    ret->data = regex->re.pattern().data();
    ret->size = regex->re.pattern().size();
}

extern "C" uint32_t re2_shim_group_count(const struct regex *regex)
{
    return static_cast<uint32_t>(regex->re.NumberOfCapturingGroups());
}

extern "C" uint32_t re2_shim_size(const struct regex *regex)
{
    return static_cast<uint32_t>(regex->re.ProgramSize());
}

extern "C" int64_t re2_shim_group_named(const struct regex *regex, const struct re2_span *name)
{
    try {
        const std::map<std::string, int> &groups = regex->re.NamedCapturingGroups();
        const auto found = groups.find(std::string(name->data, name->size));
        return found == groups.end() ? -1 : found->second;
    } catch (const std::bad_alloc &) {
        return -1;
    }
}

static bool find_spans(const RE2 &re, const re2::StringPiece &input, size_t from,
                       struct re2_span *ret_spans, uint32_t span_count)
{
    re2::StringPiece found[RE2_SPANS_MAX];

    if (span_count > RE2_SPANS_MAX ||
        !re.Match(input, from, input.size(), RE2::UNANCHORED, found,
                  static_cast<int>(span_count)))
        return false;
    for (uint32_t i = 0; i < span_count; i++) {
        ret_spans[i].data = found[i].data();
        ret_spans[i].size = found[i].size();
    }
    return true;
}

extern "C" bool re2_shim_find(const struct regex *regex, const struct re2_span *text, size_t from,
                              struct re2_span *ret_spans, uint32_t span_count)
{
    const re2::StringPiece input(text->data, text->size);

    return span_count == 0
               ? regex->re.Match(input, from, text->size, RE2::UNANCHORED, nullptr, 0)
               : find_spans(regex->re, input, from, ret_spans, span_count);
}

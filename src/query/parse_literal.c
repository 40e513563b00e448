/* SPDX-License-Identifier: Apache-2.0 */
/* parse_literal.c - a literal token to a value. */
#include "query/decimal.h"
#include "query/literal.h"
#include "query/parse_priv.h"

/* As todecimal() spells it: one text a number, so that equal ones are one key. */
static bool decimal_literal(struct parser *p, struct slice text, struct value *ret)
{
    struct decimal number;

    return literal_is_decimal(text) && decimal_parse(text, &number) &&
           decimal_value(p->arena, &number, ret, p->err) == STATUS_OK;
}

static bool typed_value(struct parser *p, enum type type, struct slice body, struct value *ret)
{
    struct slice text = slice_trim(body);
    struct slice quoted = text;
    size_t end;

    *ret = (struct value){.type = type};
    if (text.size > 0 && (text.data[0] == '"' || text.data[0] == '\'')) {
        struct error ignored = {0};
        if (lex_string(p->arena, text, 0, &quoted, &end, &ignored) != STATUS_OK)
            return false;
    }
    if (slice_equal_nocase(text, SLICE("null"))) {
        ret->is_null = true;
        return true;
    }
    switch (type) {
    case TYPE_BOOL:
        ret->boolean = slice_equal_nocase(text, SLICE("true")) || slice_is(text, "1");
        return ret->boolean || slice_equal_nocase(text, SLICE("false")) || slice_is(text, "0");
    case TYPE_INT:
        return literal_long(text, &ret->integer) && ret->integer >= INT32_MIN &&
               ret->integer <= INT32_MAX;
    case TYPE_LONG:
        return literal_long(text, &ret->integer);
    case TYPE_REAL:
        return literal_real(text, &ret->real);
    case TYPE_DECIMAL:
        return decimal_literal(p, text, ret);
    case TYPE_DATETIME:
        return literal_datetime(quoted, &ret->integer);
    case TYPE_TIMESPAN:
        return literal_timespan(quoted, &ret->integer);
    case TYPE_GUID:
        return guid_parse(quoted, &ret->guid);
    case TYPE_STRING:
    case TYPE_DYNAMIC:
    case TYPE_COUNT_:
        break;
    }
    return false;
}

struct node *parse_literal(struct parser *p, const struct token *token)
{
    struct node *node = parse_node(p, NODE_LITERAL, token->at);
    bool ok = false;
    bool is_name = token->kind == TOKEN_LITERAL && token->text.size > 0 &&
                   lex_is_name_start(slice_trim(token->text).data[0]);

    if (node == NULL)
        return NULL;
    struct value *v = &node->value;
    if (token->kind == TOKEN_STRING) {
        *v = (struct value){.type = TYPE_STRING, .bytes = token->text};
        return node;
    }
    if (token->kind == TOKEN_SPAN) {
        v->type = TYPE_TIMESPAN;
        ok = literal_timespan(token->text, &v->integer);
    } else if (token->kind == TOKEN_NUMBER) {
        v->type = TYPE_LONG;
        ok = literal_long(token->text, &v->integer);
        if (!ok) {
            v->type = TYPE_REAL;
            ok = literal_real(token->text, &v->real);
        }
    } else if (token->type == TYPE_DYNAMIC) {
        v->type = TYPE_DYNAMIC;
        size_t at = 0;
        if (literal_dynamic(p->arena, token->text, &v->bytes, &at, p->err) != STATUS_OK) {
            if (p->err->status == STATUS_INVALID) {
                at += (size_t)(token->text.data - p->text.data);
                lex_position(p->text, (uint32_t)at, &p->err->line, &p->err->column);
                (void)error_code(p->err, "SYN0002");
            }
            return NULL;
        }
        v->is_null = slice_is(v->bytes, "null");
        return node;
    } else if (token->type == TYPE_DATETIME && slice_trim(token->text).size == 0) {
        node->kind = NODE_CALL; /* datetime() is the time now */
        node->name = SLICE("now");
        return node;
    } else {
        ok = typed_value(p, token->type, token->text, v);
    }
    if (!ok && p->err->status == STATUS_LIMIT)
        return NULL;
    if (!ok)
        return parse_error(p, token->at, "'%.*s' is not %s literal%s%s%s",
                           SLICE_FMT(parse_excerpt(p, token)),
                           type_phrase(token->kind == TOKEN_LITERAL ? token->type : v->type),
                           is_name ? "; a column is converted with to" : "",
                           is_name ? type_name(token->type) : "", is_name ? "()" : "");
    return node;
}

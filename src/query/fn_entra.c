/* SPDX-License-Identifier: Apache-2.0 */
/* fn_entra.c - what the Unified Audit Log says of the directory, in the shapes that the public
 * tables have.
 *
 * The log delivers [{Name,NewValue,OldValue}], [{Name,Value}] and identities as lists of
 * [{ID,Type}]; AuditLogs has [{displayName,newValue,oldValue}], [{key,value}] and bags.  What a
 * record does not say is null.
 */
#include "base/text.h"
#include "query/items.h"
#include "table/dynamic.h"

#define OTHER_TARGETS_MAX 4u /* that are named by the properties of the first */

/* The text of a JSON string as it is written; nothing if it is none. */
static struct slice inner_of(struct slice json)
{
    return json.size >= 2 && json.data[0] == '"' ? slice_from(json.data + 1, json.size - 2)
                                                 : SLICE("");
}

/* ---- pair_value ---- */

static bool is_name_key(struct slice key)
{
    return slice_equal_nocase(key, SLICE("name")) || slice_equal_nocase(key, SLICE("key"));
}

/* An element's name and value. */
static void pair_of(struct slice element, struct slice *ret_name, struct slice *ret_value)
{
    struct dynamic_iterator it = dynamic_iterate(element);

    *ret_name = *ret_value = SLICE("");
    while (it.is_object && dynamic_next(&it)) {
        if (is_name_key(it.key))
            *ret_name = inner_of(it.value);
        else if (slice_equal_nocase(it.key, SLICE("value")))
            *ret_value = it.value;
    }
}

static enum status row_pair_value(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    struct slice name, value;

    (void)arg_count;
    while (!it.is_object && dynamic_next(&it)) {
        pair_of(it.value, &name, &value);
        if (!slice_equal(name, args[1].bytes))
            continue;
        ret->is_null = dynamic_is_null(value);
        ret->bytes = value;
        return STATUS_OK;
    }
    return eval_spend(eval, args[0].bytes.size, err);
}
ROW_EVAL(row_pair_value, TYPE_DYNAMIC)

BIND(bind_pair_value, "ys", TYPE_DYNAMIC)

/* ---- changed properties ---- */

/* A value as the tables have it: JSON in a text.  The log has arrays and bags in that way, with
 * blanks, and texts as they are. */
static enum status add_changed(struct eval *eval, struct buf *buf, struct slice value,
                               struct error *err)
{
    struct slice text, json;
    struct buf quoted;

    if (dynamic_is_null(value) || slice_is(value, "\"\"")) {
        buf_add_text(buf, "null");
        return STATUS_OK;
    }
    enum status status = dynamic_to_string(eval->arena, value, &text, err);
    if (status == STATUS_OK)
        status = dynamic_parse(eval->arena, text, &json, err);
    if (status != STATUS_OK)
        return status;
    enum json_kind kind = dynamic_kind(json);
    bool is_json = kind == JSON_ARRAY || kind == JSON_OBJECT ||
                   (kind == JSON_STRING && text.data[0] == '"' && text.size > 1);
    if (dynamic_kind(value) != JSON_STRING || is_json) {
        text_add_json_string(buf, json);
        return STATUS_OK;
    }
    buf_init(&quoted, QUERY_STRING_BYTES_MAX);
    text_add_json_string(&quoted, text);
    text_add_json_string(buf, buf_slice(&quoted));
    status = buf_check(&quoted, err);
    buf_release(&quoted);
    return status;
}

static enum status add_properties(struct eval *eval, struct buf *buf, struct slice json,
                                  struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(json);
    enum status status = STATUS_OK;
    const char *between = "";

    buf_add_byte(buf, '[');
    while (!it.is_object && status == STATUS_OK && dynamic_next(&it)) {
        struct slice name = dynamic_member(it.value, SLICE("Name"));
        buf_add_format(buf, "%s{\"displayName\":", between);
        buf_add_slice(buf, dynamic_is_null(name) ? SLICE("null") : name);
        buf_add_text(buf, ",\"oldValue\":");
        status = add_changed(eval, buf, dynamic_member(it.value, SLICE("OldValue")), err);
        buf_add_text(buf, ",\"newValue\":");
        if (status == STATUS_OK)
            status = add_changed(eval, buf, dynamic_member(it.value, SLICE("NewValue")), err);
        buf_add_byte(buf, '}');
        between = ",";
    }
    buf_add_byte(buf, ']');
    return status;
}

/* ---- identities ---- */

/* What a list of [{ID,Type}] says of one; texts of JSON, empty where it does not. */
struct identity {
    struct slice kind, id;    /* of "User_7f..", as they are written */
    struct slice type;        /* "User": what AuditLogs calls the kind */
    struct slice name;        /* type 1 */
    struct slice upn;         /* type 5 */
    struct slice application; /* an id beside it */
    struct slice other;       /* an id without a kind */
};

enum { IDENTITY_NAME = '1', IDENTITY_OTHER = '2', IDENTITY_UPN = '5' };

static size_t letters_of(struct slice text)
{
    size_t count = 0;

    while (count < text.size && ((text.data[count] | 0x20) >= 'a') &&
           ((text.data[count] | 0x20) <= 'z'))
        count++;
    return count;
}

/* "User_7f..", a type alone, or an id. */
static void take_other(struct identity *identity, struct slice json)
{
    struct slice text = inner_of(json);
    size_t letters = letters_of(text);

    if (letters > 0 && letters + 1 < text.size && text.data[letters] == '_') {
        if (identity->kind.size == 0) {
            identity->kind = slice_head(text, letters);
            identity->id = slice_tail(text, letters + 1);
        }
    } else if (letters == text.size) {
        if (identity->type.size == 0)
            identity->type = text;
    } else {
        if (identity->other.size == 0)
            identity->other = json;
        if (!slice_equal(text, identity->id) && identity->application.size == 0)
            identity->application = json;
    }
}

static struct identity identity_of(struct slice list)
{
    struct dynamic_iterator it = dynamic_iterate(list);
    struct identity ret = {0};

    while (!it.is_object && dynamic_next(&it)) {
        struct slice id = dynamic_member(it.value, SLICE("ID"));
        struct slice type = dynamic_member(it.value, SLICE("Type"));
        if (inner_of(id).size == 0 || type.size != 1)
            continue;
        if (type.data[0] == IDENTITY_NAME && ret.name.size == 0)
            ret.name = id;
        else if (type.data[0] == IDENTITY_UPN && ret.upn.size == 0)
            ret.upn = id;
        else if (type.data[0] == IDENTITY_OTHER)
            take_other(&ret, id);
    }
    if (ret.type.size == 0)
        ret.type = ret.kind;
    return ret;
}

static void add_key(struct buf *buf, const char *key)
{
    bool is_first = buf->size > 0 && buf->data[buf->size - 1] == '{';

    buf_add_format(buf, "%s\"%s\":", is_first ? "" : ",", key);
}

static void add_member(struct buf *buf, const char *key, struct slice json)
{
    add_key(buf, key);
    buf_add_slice(buf, json.size == 0 ? SLICE("null") : json);
}

/* A text that is written as in JSON. */
static void add_written(struct buf *buf, const char *key, struct slice text)
{
    add_key(buf, key);
    buf_add_text(buf, text.size == 0 ? "null" : "\"");
    buf_add_slice(buf, text);
    buf_add_text(buf, text.size == 0 ? "" : "\"");
}

static void add_plain(struct buf *buf, const char *key, struct slice text)
{
    add_key(buf, key);
    if (text.size == 0)
        buf_add_text(buf, "null");
    else
        text_add_json_string(buf, text);
}

static bool is_upn(struct slice text)
{
    return slice_find_byte(text, '@', 0) != SIZE_MAX;
}

/* ---- entra_initiator ---- */

#define PRINCIPAL SLICE("ServicePrincipal")
#define PRINCIPAL_ID SLICE("ServicePrincipal_")

static void add_user(struct buf *buf, const struct identity *actor, struct slice user,
                     struct slice address)
{
    buf_add_text(buf, "\"user\":{");
    add_written(buf, "id", actor->id);
    add_member(buf, "displayName", SLICE(""));
    if (actor->upn.size > 0)
        add_member(buf, "userPrincipalName", actor->upn);
    else
        add_plain(buf, "userPrincipalName", is_upn(user) ? user : SLICE(""));
    add_plain(buf, "ipAddress", address);
    buf_add_byte(buf, '}');
}

static void add_application(struct buf *buf, const struct identity *actor, struct slice user,
                            struct slice address)
{
    bool is_known = slice_equal(actor->type, PRINCIPAL);

    buf_add_text(buf, "\"app\":{");
    add_member(buf, "appId", is_known ? actor->application : SLICE(""));
    add_member(buf, "displayName", actor->name);
    if (is_known)
        add_written(buf, "servicePrincipalId", actor->id);
    else
        add_plain(buf, "servicePrincipalId",
                  slice_starts_with(user, PRINCIPAL_ID) ? slice_tail(user, PRINCIPAL_ID.size)
                                                        : SLICE(""));
    add_member(buf, "servicePrincipalName", SLICE(""));
    if (address.size > 0)
        add_plain(buf, "ipAddress", address);
    buf_add_byte(buf, '}');
}

static enum status row_initiator(ROW_PARAMETERS)
{
    struct identity actor = identity_of(args[0].is_null ? SLICE("") : args[0].bytes);
    struct slice user = args[1].bytes, address = args[2].bytes;
    bool is_user = actor.type.size > 0 ? slice_is(actor.type, "User")
                                       : actor.upn.size > 0 || is_upn(user);
    bool is_application = !is_user && (slice_equal(actor.type, PRINCIPAL) || actor.name.size > 0 ||
                                       slice_starts_with(user, PRINCIPAL_ID));
    struct buf buf;

    (void)arg_count;
    if (!is_user && !is_application)
        return eval_spend(eval, args[0].bytes.size, err);
    bag_start(&buf);
    if (is_user)
        add_user(&buf, &actor, user, address);
    else
        add_application(&buf, &actor, user, address);
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL_LAZY(row_initiator, TYPE_DYNAMIC)

BIND(bind_initiator, "yss", TYPE_DYNAMIC)

/* ---- entra_targets ---- */

/* The value of the property after the change, or, if there is none, before. */
static enum status value_of(struct eval *eval, struct slice property, struct slice *ret,
                            struct error *err)
{
    struct slice json = dynamic_member(property, SLICE("NewValue"));

    if (inner_of(json).size == 0)
        json = dynamic_member(property, SLICE("OldValue"));
    enum status status = dynamic_to_string(eval->arena, json, ret, err);
    if (status == STATUS_OK && ret->size > 2 && ret->data[0] == '"')
        *ret = slice_from(ret->data + 1, ret->size - 2);
    return status;
}

static enum status find_upn(struct eval *eval, struct slice properties, struct slice *ret,
                            struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(properties);

    *ret = SLICE("");
    while (dynamic_next(&it)) {
        if (slice_is(inner_of(dynamic_member(it.value, SLICE("Name"))), "User.UPN"))
            return value_of(eval, it.value, ret, err);
    }
    return STATUS_OK;
}

/* A property "Role.ObjectID" names a second target. */
static enum status add_other_target(struct eval *eval, struct buf *buf, struct slice properties,
                                    struct slice property, struct error *err)
{
    const struct slice suffix = SLICE(".ObjectID");
    struct slice name = inner_of(dynamic_member(property, SLICE("Name"))), id, upn = SLICE("");
    struct slice kind = slice_head(name, letters_of(name));

    if (kind.size == 0 || !slice_equal(slice_tail(name, kind.size), suffix))
        return STATUS_OK;
    enum status status = value_of(eval, property, &id, err);
    if (status == STATUS_OK && slice_is(kind, "User"))
        status = find_upn(eval, properties, &upn, err);
    if (status != STATUS_OK || id.size == 0)
        return status;
    buf_add_text(buf, ",{");
    add_plain(buf, "id", id);
    add_member(buf, "displayName", SLICE(""));
    add_written(buf, "type", kind);
    add_plain(buf, "userPrincipalName", upn);
    buf_add_text(buf, ",\"modifiedProperties\":[]}");
    return STATUS_OK;
}

static enum status add_other_targets(struct eval *eval, struct buf *buf, struct slice properties,
                                     struct error *err)
{
    struct dynamic_iterator it = dynamic_iterate(properties);
    enum status status = STATUS_OK;
    size_t size = buf->size;

    for (uint32_t count = 0; count < OTHER_TARGETS_MAX && status == STATUS_OK;) {
        if (it.is_object || !dynamic_next(&it))
            break;
        status = add_other_target(eval, buf, properties, it.value, err);
        count += buf->size > size;
        size = buf->size;
    }
    return status;
}

static void add_target(struct buf *buf, const struct identity *target, struct slice object)
{
    bool is_named = is_upn(object);

    buf_add_byte(buf, '{');
    if (target->id.size > 0)
        add_written(buf, "id", target->id);
    else if (target->other.size > 0)
        add_member(buf, "id", target->other);
    else
        add_plain(buf, "id", is_named ? SLICE("") : object);
    add_member(buf, "displayName", target->name);
    add_written(buf, "type", target->type);
    bool may_be_user = target->type.size == 0 || slice_is(target->type, "User");
    if (target->upn.size > 0)
        add_member(buf, "userPrincipalName", target->upn);
    else
        add_plain(buf, "userPrincipalName", is_named && may_be_user ? object : SLICE(""));
    buf_add_text(buf, ",\"modifiedProperties\":");
}

static enum status row_targets(ROW_PARAMETERS)
{
    struct slice properties = args[2].is_null ? SLICE("") : args[2].bytes;
    struct identity target = identity_of(args[0].is_null ? SLICE("") : args[0].bytes);
    enum status status = eval_spend(eval, args[0].bytes.size + properties.size, err);
    struct buf buf;

    (void)arg_count;
    list_start(&buf);
    add_target(&buf, &target, args[1].bytes);
    if (status == STATUS_OK)
        status = add_properties(eval, &buf, properties, err);
    buf_add_byte(&buf, '}');
    if (status == STATUS_OK)
        status = add_other_targets(eval, &buf, properties, err);
    if (status == STATUS_OK)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL_LAZY(row_targets, TYPE_DYNAMIC)

BIND(bind_targets, "ysy", TYPE_DYNAMIC)

/* ---- entra_details ---- */

/* A text stays one, anything else becomes one. */
static enum status add_detail(struct eval *eval, struct buf *buf, struct slice value,
                              struct error *err)
{
    struct slice text;
    enum status status = dynamic_to_string(eval->arena, value, &text, err);

    if (status == STATUS_OK)
        text_add_json_string(buf, text);
    return status;
}

static enum status row_details(ROW_PARAMETERS)
{
    struct slice text, json;
    const char *between = "";
    struct buf buf;

    (void)arg_count;
    enum status status = eval_spend(eval, args[0].bytes.size, err);
    if (status == STATUS_OK)
        status = dynamic_to_string(eval->arena, args[0].bytes, &text, err);
    if (status == STATUS_OK)
        status = dynamic_parse(eval->arena, text, &json, err);
    if (status != STATUS_OK || dynamic_kind(json) != JSON_OBJECT)
        return status;
    list_start(&buf);
    struct dynamic_iterator it = dynamic_iterate(json);
    while (status == STATUS_OK && dynamic_next(&it)) {
        buf_add_format(&buf, "%s{\"key\":\"", between);
        buf_add_slice(&buf, it.key);
        buf_add_text(&buf, "\",\"value\":");
        status = add_detail(eval, &buf, it.value, err);
        buf_add_byte(&buf, '}');
        between = ",";
    }
    if (status == STATUS_OK)
        return list_give(eval, &buf, ret, err);
    buf_release(&buf);
    return status;
}
ROW_EVAL(row_details, TYPE_DYNAMIC)

BIND(bind_dynamic, "y", TYPE_DYNAMIC)

/* ---- entra_device ---- */

enum device_part {
    DEVICE_ID,
    DEVICE_NAME,
    DEVICE_OS,
    DEVICE_BROWSER,
    DEVICE_COMPLIANT,
    DEVICE_MANAGED,
    DEVICE_TRUST,
    DEVICE_PARTS,
};

static const char *const device_names[DEVICE_PARTS] = {
    "Id", "DisplayName", "OS", "BrowserType", "IsCompliant", "IsCompliantAndManaged", "TrustType",
};

static const char *const trusts[] = {"Azure AD registered", "Azure AD joined",
                                     "Hybrid Azure AD joined"};

static struct slice truth_of(struct slice json)
{
    struct slice text = inner_of(json);

    if (slice_equal_nocase(text, SLICE("true")) || slice_is(json, "true"))
        return SLICE("true");
    return slice_equal_nocase(text, SLICE("false")) || slice_is(json, "false") ? SLICE("false")
                                                                                : SLICE("");
}

static struct slice trust_of(struct slice json)
{
    struct slice text = json.size == 1 ? json : inner_of(json);

    return text.size == 1 && text.data[0] >= '0' && text.data[0] <= '2'
               ? slice_of(trusts[text.data[0] - '0'])
               : SLICE("");
}

static enum status row_device(ROW_PARAMETERS)
{
    struct dynamic_iterator it = dynamic_iterate(args[0].bytes);
    struct slice parts[DEVICE_PARTS] = {0}, name, value;
    struct buf buf;

    (void)arg_count;
    if (dynamic_kind(args[0].bytes) != JSON_ARRAY)
        return STATUS_OK;
    while (dynamic_next(&it)) {
        pair_of(it.value, &name, &value);
        for (unsigned i = 0; i < DEVICE_PARTS && name.size > 0; i++) {
            if (parts[i].size == 0 && slice_is(name, device_names[i]))
                parts[i] = value;
        }
    }
    bool is_managed = slice_is(truth_of(parts[DEVICE_MANAGED]), "true");
    enum status status = eval_spend(eval, args[0].bytes.size, err);
    if (status != STATUS_OK)
        return status;
    bag_start(&buf);
    add_member(&buf, "deviceId", parts[DEVICE_ID]);
    add_member(&buf, "displayName", parts[DEVICE_NAME]);
    add_member(&buf, "operatingSystem", parts[DEVICE_OS]);
    add_member(&buf, "browser", parts[DEVICE_BROWSER]);
    add_member(&buf, "isCompliant",
               is_managed ? SLICE("true") : truth_of(parts[DEVICE_COMPLIANT]));
    add_member(&buf, "isManaged", is_managed ? SLICE("true") : SLICE(""));
    add_plain(&buf, "trustType", trust_of(parts[DEVICE_TRUST]));
    return bag_give(eval, &buf, ret, err);
}
ROW_EVAL(row_device, TYPE_DYNAMIC)

static const struct function functions[] = {
    {.name = "pair_value", .signature = "pair_value(pairs, name)",
     .summary = "the value beside a name, of [{Name,Value}] or [{Key,Value}]",
     .example = "pair_value(dynamic([{'Name': 'OS', 'Value': 'Linux'}]), 'OS') == 'Linux'",
     .args_min = 2, .args_max = 2, .bind = bind_pair_value, .eval = eval_row_pair_value},
    {.name = "entra_details", .signature = "entra_details(details)",
     .summary = "a bag, or its text, as AuditLogs.AdditionalDetails",
     .example = "tostring(entra_details(dynamic({'a': 1}))) == '[{\"key\":\"a\",\"value\":\"1\"}]'",
     .args_min = 1, .args_max = 1, .bind = bind_dynamic, .eval = eval_row_details},
    {.name = "entra_device", .signature = "entra_device(properties)",
     .summary = "DeviceProperties of the Unified Audit Log as SigninLogs.DeviceDetail",
     .example = "entra_device(dynamic([{'Name': 'OS', 'Value': 'Linux'}])).operatingSystem == "
                "'Linux'",
     .args_min = 1, .args_max = 1, .bind = bind_dynamic, .eval = eval_row_device},
    {.name = "entra_initiator", .signature = "entra_initiator(actor, user, address)",
     .summary = "an Actor of the Unified Audit Log as AuditLogs.InitiatedBy",
     .example = "entra_initiator(dynamic([{'ID': 'ann@x.example', 'Type': 5}]), '', "
                "'192.0.2.1').user.userPrincipalName == 'ann@x.example'",
     .args_min = 3, .args_max = 3, .flags = FUNCTION_LAZY_NULL, .bind = bind_initiator,
     .eval = eval_row_initiator},
    {.name = "entra_targets", .signature = "entra_targets(target, object, properties)",
     .summary = "a Target and ModifiedProperties as AuditLogs.TargetResources",
     .example = "entra_targets(dynamic([{'ID': 'User_7', 'Type': 2}]), '', dynamic([]))[0].type "
                "== 'User'",
     .args_min = 3, .args_max = 3, .flags = FUNCTION_LAZY_NULL, .bind = bind_targets,
     .eval = eval_row_targets},
};

FUNCTION_FAMILY(entra, functions);

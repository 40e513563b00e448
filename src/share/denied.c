/* SPDX-License-Identifier: Apache-2.0 */
#include "share/denied.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

static const char *const names[DENIED_COUNT_] = {
    [DENIED_NO_TOKEN] = "no_token",   [DENIED_UNKNOWN] = "unknown",
    [DENIED_EXPIRED] = "expired",     [DENIED_REVOKED] = "revoked",
    [DENIED_LIMITED] = "limited",     [DENIED_FORBIDDEN] = "forbidden",
    [DENIED_FOREIGN] = "foreign",
};

const char *denied_reason_name(enum denied_reason reason)
{
    return (unsigned)reason < DENIED_COUNT_ ? names[reason] : "other";
}

void denied_init(struct denied *denied)
{
    memset(denied, 0, sizeof(*denied));
    (void)pthread_mutex_init(&denied->lock, NULL);
}

void denied_release(struct denied *denied)
{
    (void)pthread_mutex_destroy(&denied->lock);
}

/* What was counted since the last line. */
static void write_line(struct denied *denied, char *line, size_t line_bytes)
{
    size_t size = 0;
    uint64_t all = 0;

    for (unsigned i = 0; i < DENIED_COUNT_; i++)
        all += denied->counts[i] - denied->logged[i];
    size = (size_t)snprintf(line, line_bytes, "%llu requests were refused:",
                            (unsigned long long)all);
    for (unsigned i = 0; i < DENIED_COUNT_ && size < line_bytes; i++) {
        if (denied->counts[i] != denied->logged[i])
            size += (size_t)snprintf(line + size, line_bytes - size, " %s %llu", names[i],
                                     (unsigned long long)(denied->counts[i] - denied->logged[i]));
        denied->logged[i] = denied->counts[i];
    }
}

bool denied_add(struct denied *denied, enum denied_reason reason, uint64_t now_us, char *line,
                size_t line_bytes)
{
    (void)pthread_mutex_lock(&denied->lock);
    denied->counts[reason]++;
    bool is_due = denied->logged_us == 0 || now_us - denied->logged_us >= DENIED_LINE_US;
    if (is_due) {
        denied->logged_us = now_us;
        write_line(denied, line, line_bytes);
    }
    (void)pthread_mutex_unlock(&denied->lock);
    return is_due;
}

bool denied_may_record(struct denied *denied, const struct guid *token, uint64_t now_us,
                       uint32_t *ret_left_out)
{
    (void)pthread_mutex_lock(&denied->lock);
    struct denied_token *t = &denied->tokens[hash_slice(guid_slice(token)) % DENIED_TOKENS];
    bool is_known = guid_equal(&t->id, token) && t->recorded_us != 0;
    bool may = !is_known || now_us - t->recorded_us >= DENIED_RECORD_US;
    *ret_left_out = is_known ? t->left_out : 0;
    if (may)
        *t = (struct denied_token){.id = *token, .recorded_us = now_us};
    else
        t->left_out++;
    (void)pthread_mutex_unlock(&denied->lock);
    return may;
}

void denied_counts(struct denied *denied, uint64_t ret[DENIED_COUNT_])
{
    (void)pthread_mutex_lock(&denied->lock);
    memcpy(ret, denied->counts, sizeof(denied->counts));
    (void)pthread_mutex_unlock(&denied->lock);
}

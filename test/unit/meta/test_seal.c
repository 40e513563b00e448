/* SPDX-License-Identifier: Apache-2.0 */
/* Damage anywhere in the database is seen at the next start. */
#include "control_plane.h"

#include "base/buf.h"

#define STEP 61
#define COUNTER_AT 24

static struct error err;

static void get(const char *path, struct buf *ret)
{
    FILE *file = fopen(path, "rb");
    char *room;

    assert_non_null(file);
    buf_init(ret, MIB);
    room = buf_extend(ret, MIB);
    assert_non_null(room);
    ret->size = fread(room, 1, MIB, file);
    (void)fclose(file);
}

static void put(const char *path, const struct buf *bytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    (void)fclose(file);
}

static void sum_path(const struct control_plane *p, char ret[80])
{
    (void)snprintf(ret, 80, "%s.sum", p->path);
}

static void fill(struct control_plane *p)
{
    struct meta_tenant tenant;
    struct meta_token token = {.role = 1, .name = SLICE("n"), .table = SLICE("")};
    char text[TOKEN_TEXT_BYTES];
    struct guid id;

    ASSERT_OK(meta_tenant_add(p->meta, SLICE("contoso"), NULL, &tenant, p->arena, &err));
    token.tenant = tenant.id;
    ASSERT_OK(meta_token_add(p->meta, &token, text, &id, &err));
    ASSERT_OK(meta_setting_set(p->meta, SLICE("a"), SLICE("one"), &err));
}

static void any_changed_byte_is_found(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes;

    fill(p);
    meta_close(p->meta);
    p->meta = NULL;
    get(p->path, &bytes);
    for (size_t at = 0; at < bytes.size; at += STEP) {
        if (at >= COUNTER_AT && at < COUNTER_AT + 4)
            continue;
        bytes.data[at] ^= 4;
        put(p->path, &bytes);
        enum status status = meta_open(p->path, &p->clock.clock, &p->meta, &err);
        if (status != STATUS_CORRUPT)
            fail_msg("byte %zu: %s", at, status_name(status));
        bytes.data[at] ^= 4;
    }
    put(p->path, &bytes);
    ASSERT_OK(meta_open(p->path, &p->clock.clock, &p->meta, &err));
    buf_release(&bytes);
}

/* The name of a tenant is no structure: only the sum sees it. */
static void a_changed_name_is_found_and_what_to_do_is_said(void **state)
{
    struct control_plane *p = *state;
    struct buf bytes;

    fill(p);
    meta_close(p->meta);
    p->meta = NULL;
    get(p->path, &bytes);
    char *name = memmem(bytes.data, bytes.size, "contoso", 7);
    assert_non_null(name);
    name[0] = 'b';
    put(p->path, &bytes);
    ASSERT_STATUS(STATUS_CORRUPT, meta_open(p->path, &p->clock.clock, &p->meta, &err));
    assert_non_null(strstr(err.text, "backup"));
    assert_non_null(strstr(err.text, p->path));
    buf_release(&bytes);
}

static void an_old_or_damaged_or_missing_sum_is_no_damage(void **state)
{
    struct control_plane *p = *state;
    struct buf old, now;
    char path[80];

    sum_path(p, path);
    get(path, &old);
    fill(p);
    put(path, &old); /* a crash before the new one was written */
    control_plane_reopen(p);
    get(path, &now);
    assert_false(slice_equal(buf_slice(&old), buf_slice(&now)));
    now.data[20] ^= 1;
    put(path, &now);
    control_plane_reopen(p);
    (void)unlink(path);
    control_plane_reopen(p);
    control_plane_do(p, "UPDATE settings SET value='two'"); /* by another program */
    control_plane_reopen(p);
    buf_release(&old);
    buf_release(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        META_TEST(any_changed_byte_is_found),
        META_TEST(a_changed_name_is_found_and_what_to_do_is_said),
        META_TEST(an_old_or_damaged_or_missing_sum_is_no_damage),
    };

    return RUN_TESTS(tests);
}

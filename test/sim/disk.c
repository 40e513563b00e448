/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/disk.h"

#include "base/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 128
#define NAMES_MAX 4096u
#define NODES_MAX 65536u
#define SECTOR 512u
#define FREE_BYTES (UINT64_C(64) << 30)

struct content {
    uint8_t *data;
    size_t size, capacity;
};

struct change { /* of a file since its last sync */
    bool truncate;
    size_t offset, size; /* truncate: the new size */
    uint8_t *data;
};

struct node {
    struct content now, safe;
    size_t bad_at, bad_size; /* a sector that is not given */
    struct change *changes;
    size_t change_count;
};

/* What reached the disk, in its order: the `safe` of a node is all that landed in it. */
struct landed {
    struct node *node; /* that it was meant for */
    struct change change;
    struct node *wrong; /* NULL: it is where it belongs; else it went there */
    size_t wrong_offset;
};

struct name {
    char path[NAME_BYTES];
    struct node *node; /* NULL: a directory */
};

struct names {
    struct name *list;
    uint32_t count;
};

/* A change of names: the node gets `to` (unless empty) and loses `from`. */
struct move {
    char from[NAME_BYTES], to[NAME_BYTES];
    struct node *node;
};

struct disk {
    struct io io; /* first */
    pthread_mutex_t lock;
    struct rng rng;
    struct disk_faults faults;
    uint64_t calls, calls_of[DISK_CALLS_], matched;
    bool off;
    struct names now, safe;
    struct move *moves;
    uint32_t move_count;
    struct node **nodes;
    uint32_t node_count;
    struct landed *landed;
    size_t landed_count, landed_capacity;
};

struct handle {
    struct io_file file; /* first */
    struct disk *disk;
    struct node *node;
    char path[NAME_BYTES];
};

/* ---- contents ---- */

static void *grown(void *old, size_t count, size_t size)
{
    void *data = realloc(old, count * size);

    CHECK(data != NULL);
    return data;
}

static void content_resize(struct content *c, size_t size)
{
    if (size > c->capacity) {
        c->capacity = size + size / 2;
        c->data = grown(c->data, c->capacity, 1);
    }
    if (size > c->size)
        memset(c->data + c->size, 0, size - c->size);
    c->size = size;
}

static void content_write(struct content *c, size_t offset, const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    if (offset + size > c->size)
        content_resize(c, offset + size);
    memcpy(c->data + offset, data, size);
}

static void content_copy(struct content *to, const struct content *from)
{
    content_resize(to, 0);
    content_write(to, 0, from->data, from->size);
}

static void node_forget_changes(struct node *node)
{
    for (size_t i = 0; i < node->change_count; i++)
        free(node->changes[i].data);
    free(node->changes);
    node->changes = NULL;
    node->change_count = 0;
}

static void node_note(struct node *node, const struct change *change)
{
    node->changes = grown(node->changes, node->change_count + 1, sizeof(*change));
    node->changes[node->change_count++] = *change;
}

static bool hits_bad(const struct node *node, size_t offset, size_t size)
{
    return node->bad_size > 0 && offset < node->bad_at + node->bad_size &&
           node->bad_at < offset + size;
}

static void node_write(struct node *node, size_t offset, const uint8_t *data, size_t size)
{
    struct change change = {.offset = offset, .size = size, .data = grown(NULL, size + 1, 1)};

    memcpy(change.data, data, size);
    content_write(&node->now, offset, data, size);
    node_note(node, &change);
    if (hits_bad(node, offset, size)) /* the disk has others instead */
        node->bad_size = 0;
}

static void content_apply(struct content *c, const struct change *change)
{
    if (change->truncate)
        content_resize(c, change->size);
    else
        content_write(c, change->offset, change->data, change->size);
}

/* The change reaches the disk.  Takes its data. */
static void land(struct disk *disk, struct node *node, const struct change *change)
{
    content_apply(&node->safe, change);
    if (disk->landed_count == disk->landed_capacity) {
        disk->landed_capacity = 2 * disk->landed_capacity + 64;
        disk->landed = grown(disk->landed, disk->landed_capacity, sizeof(*disk->landed));
    }
    disk->landed[disk->landed_count++] = (struct landed){.node = node, .change = *change};
}

static void land_size(struct disk *disk, struct node *node, size_t size)
{
    land(disk, node, &(struct change){.truncate = true, .size = size});
}

static void land_bytes(struct disk *disk, struct node *node, size_t offset, const uint8_t *data,
                       size_t size)
{
    struct change change = {.offset = offset, .size = size, .data = grown(NULL, size + 1, 1)};

    if (size > 0)
        memcpy(change.data, data, size);
    land(disk, node, &change);
}

/* All changes reach the disk.  What an earlier sync forgot does not. */
static void node_make_safe(struct disk *disk, struct node *node)
{
    for (size_t i = 0; i < node->change_count; i++) {
        land(disk, node, &node->changes[i]);
        node->changes[i].data = NULL; /* taken */
    }
    node_forget_changes(node);
}

/* A write reaches the disk in sectors, each or not. */
static void keep_sectors(struct disk *disk, struct node *node, const struct change *change,
                         uint32_t keep_of_8)
{
    size_t end = change->offset + change->size;

    for (size_t at = change->offset; at < end;) {
        size_t next = (at / SECTOR + 1) * SECTOR;
        if (next > end)
            next = end;
        if (rng_below(&disk->rng, 8) < keep_of_8)
            land_bytes(disk, node, at, change->data + (at - change->offset), next - at);
        at = next;
    }
}

/* What of the unsynced changes is on the disk: nothing, all, a beginning, or any
 * sectors of any of them, with the size known without the data or not. */
static void node_settle(struct disk *disk, struct node *node)
{
    struct rng *rng = &disk->rng;
    uint32_t mode = rng_below(rng, 5);
    size_t prefix = node->change_count == 0
                        ? 0
                        : rng_below(rng, (uint32_t)node->change_count + 1);
    uint32_t keep_of_8 = mode < 3 ? 8 : 1 + rng_below(rng, 7);

    for (size_t i = 0; i < node->change_count; i++) {
        const struct change *change = &node->changes[i];
        if (mode == 0 || (mode == 2 && i > prefix))
            break;
        if (change->truncate) {
            if (mode < 3 || rng_below(rng, 2) == 0)
                land_size(disk, node, change->size);
            continue;
        }
        uint32_t keep = mode == 2 && i == prefix ? rng_below(rng, 9) : keep_of_8;
        if (mode == 4 && rng_below(rng, 2) == 0 &&
            node->safe.size < change->offset + change->size)
            land_size(disk, node, change->offset + change->size);
        keep_sectors(disk, node, change, keep);
    }
    node_forget_changes(node);
}

/* ---- names ---- */

static struct name *name_find(const struct names *names, const char *path)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i].path, path) == 0)
            return &names->list[i];
    }
    return NULL;
}

static void name_remove(struct names *names, const char *path)
{
    struct name *name = name_find(names, path);

    if (name != NULL)
        *name = names->list[--names->count];
}

static void name_put(struct names *names, const char *path, struct node *node)
{
    struct name *name = name_find(names, path);

    if (name == NULL) {
        CHECK(names->count < NAMES_MAX);
        name = &names->list[names->count++];
        (void)snprintf(name->path, sizeof(name->path), "%s", path);
    }
    name->node = node;
}

/* Is the path directly in the directory ("" is the root)? */
static bool is_in(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    if (length == 0)
        return strchr(path, '/') == NULL;
    return strncmp(path, directory, length) == 0 && path[length] == '/' &&
           strchr(path + length + 1, '/') == NULL;
}

static void parent_of(const char *path, char ret[NAME_BYTES])
{
    (void)snprintf(ret, NAME_BYTES, "%s", path);
    char *slash = strrchr(ret, '/');
    *(slash == NULL ? ret : slash) = '\0';
}

static void apply_move(struct names *names, const struct move *move)
{
    const struct name *from = name_find(names, move->from);

    if (from != NULL && from->node == move->node)
        name_remove(names, move->from);
    if (move->to[0] != '\0')
        name_put(names, move->to, move->node);
}

static void note_move(struct disk *disk, const char *from, const char *to, struct node *node)
{
    struct move move = {.node = node};

    (void)snprintf(move.from, sizeof(move.from), "%s", from);
    (void)snprintf(move.to, sizeof(move.to), "%s", to);
    apply_move(&disk->now, &move);
    disk->moves = grown(disk->moves, disk->move_count + 1, sizeof(move));
    disk->moves[disk->move_count++] = move;
}

/* Makes the changes of names in a directory safe.  Keeps the others. */
static void settle_directory(struct disk *disk, const char *directory)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < disk->move_count; i++) {
        const struct move *move = &disk->moves[i];
        if (is_in(move->to[0] != '\0' ? move->to : move->from, directory))
            apply_move(&disk->safe, move);
        else
            disk->moves[kept++] = *move;
    }
    disk->move_count = kept;
}

/* ---- faults ---- */

/* Counts a call; true if it has to fail.  *ret_cut: the power goes in it. */
static bool call_fails(struct disk *disk, enum disk_call kind, bool *ret_cut)
{
    struct disk_faults *f = &disk->faults;

    *ret_cut = false;
    if (disk->off)
        return true;
    disk->calls++;
    disk->calls_of[kind]++;
    if (f->cut_at != 0 && disk->calls == f->cut_at) {
        disk->off = true;
        *ret_cut = true;
        return true;
    }
    if ((f->fail_kinds >> kind & 1u) != 0) {
        uint64_t n = ++disk->matched;
        if (f->fail_at != 0 && (n == f->fail_at || (f->sticky && n > f->fail_at)))
            return true;
    }
    return f->fail_ppm[kind] != 0 && rng_below(&disk->rng, 1000000) < f->fail_ppm[kind];
}

static enum status failed(struct disk *disk, const char *what, const char *path,
                          struct error *err)
{
    if (disk->faults.full && !disk->off)
        return ERROR_SET(err, STATUS_FULL, "cannot %s '%s': no space", what, path);
    errno = EIO;
    return ERROR_SET(err, STATUS_IO, "cannot %s '%s'", what, path);
}

/* ---- calls ---- */

static void lock(struct disk *disk)
{
    (void)pthread_mutex_lock(&disk->lock);
}

static void unlock(struct disk *disk)
{
    (void)pthread_mutex_unlock(&disk->lock);
}

static struct node *node_new(struct disk *disk)
{
    struct node *node = calloc(1, sizeof(*node));

    CHECK(node != NULL && disk->node_count < NODES_MAX);
    disk->nodes = grown(disk->nodes, disk->node_count + 1, sizeof(*disk->nodes));
    disk->nodes[disk->node_count++] = node;
    return node;
}

static enum status find_node(struct disk *disk, const char *path, enum io_open_mode mode,
                             struct node **ret, struct error *err)
{
    const struct name *name = name_find(&disk->now, path);
    char parent[NAME_BYTES];

    parent_of(path, parent);
    if (name != NULL && name->node == NULL)
        return ERROR_SET(err, STATUS_IO, "'%s' is a directory", path);
    if (name != NULL && mode == IO_CREATE)
        return ERROR_SET(err, STATUS_IO, "'%s' exists", path);
    if (name != NULL) {
        *ret = name->node;
        return STATUS_OK;
    }
    if (mode == IO_READ || (parent[0] != '\0' && name_find(&disk->now, parent) == NULL))
        return ERROR_SET(err, STATUS_NOT_FOUND, "cannot open '%s'", path);
    if (disk->faults.no_space)
        return ERROR_SET(err, STATUS_FULL, "cannot open '%s': no space", path);
    *ret = node_new(disk);
    note_move(disk, "", path, *ret);
    return STATUS_OK;
}

static enum status disk_open(struct io *io, const char *path, enum io_open_mode mode,
                             struct io_file **ret, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    struct node *node = NULL;
    bool cut;

    lock(disk);
    enum status status = call_fails(disk, DISK_OPEN, &cut)
                             ? failed(disk, "open", path, err)
                             : find_node(disk, path, mode, &node, err);
    unlock(disk);
    if (status != STATUS_OK)
        return status;
    struct handle *handle = calloc(1, sizeof(*handle));
    CHECK(handle != NULL);
    *handle = (struct handle){{io->ops}, disk, node, ""};
    (void)snprintf(handle->path, sizeof(handle->path), "%s", path);
    *ret = &handle->file;
    return STATUS_OK;
}

static void disk_close(struct io_file *file)
{
    free(file);
}

static enum status disk_read_at(struct io_file *file, uint64_t offset, void *ret, size_t size,
                                struct error *err)
{
    struct handle *h = (struct handle *)file;
    enum status status = STATUS_OK;
    bool cut;

    lock(h->disk);
    if (call_fails(h->disk, DISK_READ, &cut))
        status = failed(h->disk, "read", h->path, err);
    else if (offset > h->node->now.size || size > h->node->now.size - offset)
        status = ERROR_SET(err, STATUS_CORRUPT, "'%s' has %zu bytes, %llu were expected", h->path,
                           h->node->now.size, (unsigned long long)(offset + size));
    else if (hits_bad(h->node, (size_t)offset, size))
        status = failed(h->disk, "read", h->path, err);
    else if (size > 0)
        memcpy(ret, h->node->now.data + offset, size);
    unlock(h->disk);
    return status;
}

static enum status disk_write_at(struct io_file *file, uint64_t offset, const void *data,
                                 size_t size, struct error *err)
{
    struct handle *h = (struct handle *)file;
    struct disk *disk = h->disk;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    bool was_off = disk->off;
    if (call_fails(disk, DISK_WRITE, &cut)) {
        status = failed(disk, "write", h->path, err);
        size = was_off ? 0 : rng_below(&disk->rng, (uint32_t)size + 1);
    } else if (disk->faults.no_space && offset + size > h->node->now.size) {
        status = ERROR_SET(err, STATUS_FULL, "cannot write '%s': no space", h->path);
        size = offset < h->node->now.size ? h->node->now.size - (size_t)offset : 0;
    }
    if (size > 0)
        node_write(h->node, (size_t)offset, data, size);
    unlock(disk);
    return status;
}

/* Linux marks the pages of a failed sync clean: they are read, never written. */
static enum status disk_sync(struct io_file *file, struct error *err)
{
    struct handle *h = (struct handle *)file;
    struct disk *disk = h->disk;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    bool was_off = disk->off;
    if (call_fails(disk, DISK_SYNC, &cut)) {
        errno = EIO;
        status = ERROR_SET(err, STATUS_IO, "cannot sync '%s'", h->path);
        if (!was_off && !cut)
            node_settle(disk, h->node);
    } else {
        node_make_safe(disk, h->node);
    }
    unlock(disk);
    return status;
}

/* What is on its way is a part of what a power cut may keep.  A failure is told once. */
static enum status disk_pace(struct io_file *file, uint64_t end, struct error *err)
{
    struct handle *h = (struct handle *)file;
    struct disk *disk = h->disk;
    enum status status = STATUS_OK;
    bool cut;

    (void)end;
    lock(disk);
    bool was_off = disk->off;
    if (call_fails(disk, DISK_SYNC, &cut)) {
        errno = EIO;
        status = ERROR_SET(err, STATUS_IO, "cannot write '%s' to the disk", h->path);
        if (!was_off && !cut)
            node_settle(disk, h->node);
    }
    unlock(disk);
    return status;
}

static enum status disk_size(struct io_file *file, uint64_t *ret, struct error *err)
{
    struct handle *h = (struct handle *)file;
    enum status status = STATUS_OK;
    bool cut;

    lock(h->disk);
    if (call_fails(h->disk, DISK_OTHER, &cut))
        status = failed(h->disk, "stat", h->path, err);
    *ret = h->node->now.size;
    unlock(h->disk);
    return status;
}

static enum status disk_truncate(struct io_file *file, uint64_t size, struct error *err)
{
    struct handle *h = (struct handle *)file;
    enum status status = STATUS_OK;
    bool cut;

    lock(h->disk);
    if (call_fails(h->disk, DISK_OTHER, &cut))
        status = failed(h->disk, "truncate", h->path, err);
    if ((status == STATUS_OK || cut) && size != h->node->now.size) {
        content_resize(&h->node->now, (size_t)size);
        node_note(h->node, &(struct change){.truncate = true, .size = (size_t)size});
    }
    unlock(h->disk);
    return status;
}

static enum status disk_rename(struct io *io, const char *from, const char *to, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    const struct name *name = name_find(&disk->now, from);
    if (call_fails(disk, DISK_RENAME, &cut))
        status = failed(disk, "rename", from, err);
    else if (name == NULL || name->node == NULL)
        status = ERROR_SET(err, STATUS_IO, "cannot rename '%s': it is not there", from);
    if ((status == STATUS_OK || cut) && name != NULL)
        note_move(disk, from, to, name->node);
    unlock(disk);
    return status;
}

static enum status disk_unlink(struct io *io, const char *path, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    const struct name *name = name_find(&disk->now, path);
    if (call_fails(disk, DISK_OTHER, &cut))
        status = failed(disk, "remove", path, err);
    else if (name == NULL)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "cannot remove '%s'", path);
    if ((status == STATUS_OK || cut) && name != NULL)
        note_move(disk, path, "", name->node);
    unlock(disk);
    return status;
}

/* As io_linux: the directory above is synced. */
static enum status disk_make_dir(struct io *io, const char *path, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    enum status status = STATUS_OK;
    char parent[NAME_BYTES];
    bool cut;

    lock(disk);
    parent_of(path, parent);
    if (call_fails(disk, DISK_OTHER, &cut)) {
        status = failed(disk, "make directory", path, err);
    } else if (disk->faults.no_space && name_find(&disk->now, path) == NULL) {
        status = ERROR_SET(err, STATUS_FULL, "cannot make directory '%s': no space", path);
    } else {
        name_put(&disk->now, path, NULL);
        name_put(&disk->safe, path, NULL);
        settle_directory(disk, parent);
    }
    unlock(disk);
    return status;
}

static enum status disk_sync_dir(struct io *io, const char *path, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    if (call_fails(disk, DISK_SYNC, &cut)) {
        errno = EIO;
        status = ERROR_SET(err, STATUS_IO, "cannot sync directory '%s'", path);
    } else {
        settle_directory(disk, path);
    }
    unlock(disk);
    return status;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

static enum status disk_list(struct io *io, const char *path,
                             enum status (*entry)(void *context, const char *name,
                                                  struct error *err),
                             void *context, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    struct name *list = grown(NULL, disk->now.count + 1, sizeof(*list));
    uint32_t count = 0;
    bool was_off = disk->off, fails = call_fails(disk, DISK_OTHER, &cut);
    if (path[0] != '\0' && name_find(&disk->now, path) == NULL)
        status = ERROR_SET(err, STATUS_NOT_FOUND, "cannot open directory '%s'", path);
    for (uint32_t i = 0; i < disk->now.count; i++) {
        if (is_in(disk->now.list[i].path, path))
            list[count++] = disk->now.list[i];
    }
    if (fails) /* or in the middle */
        count = was_off ? 0 : rng_below(&disk->rng, count + 1);
    unlock(disk);
    qsort(list, count, sizeof(*list), by_path);
    size_t skip = path[0] == '\0' ? 0 : strlen(path) + 1;
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        status = entry(context, list[i].path + skip, err);
    if (status == STATUS_OK && fails)
        status = failed(disk, "list", path, err);
    free(list);
    return status;
}

static enum status disk_free_bytes(struct io *io, uint64_t *ret, struct error *err)
{
    struct disk *disk = (struct disk *)io;
    enum status status = STATUS_OK;
    bool cut;

    lock(disk);
    if (call_fails(disk, DISK_OTHER, &cut))
        status = failed(disk, "ask for free space", "", err);
    *ret = disk->faults.no_space ? 0 : FREE_BYTES;
    unlock(disk);
    return status;
}

static void disk_release(struct io *io)
{
    (void)io; /* the test owns the disk */
}

/* ---- the test's side ---- */

struct disk *disk_new(uint64_t seed)
{
    static const struct io_ops ops = {
        .open = disk_open,         .close = disk_close,       .read_at = disk_read_at,
        .write_at = disk_write_at, .sync = disk_sync,         .size = disk_size,
        .truncate = disk_truncate, .rename = disk_rename,     .unlink = disk_unlink,
        .make_dir = disk_make_dir, .sync_dir = disk_sync_dir, .list = disk_list,
        .free_bytes = disk_free_bytes, .release = disk_release,   .pace = disk_pace,
    };
    struct disk *disk = calloc(1, sizeof(*disk));

    CHECK(disk != NULL);
    disk->io.ops = &ops;
    disk->rng.state = seed;
    disk->now.list = grown(NULL, NAMES_MAX, sizeof(struct name));
    disk->safe.list = grown(NULL, NAMES_MAX, sizeof(struct name));
    (void)pthread_mutex_init(&disk->lock, NULL);
    return disk;
}

void disk_free(struct disk *disk)
{
    for (uint32_t i = 0; i < disk->node_count; i++) {
        node_forget_changes(disk->nodes[i]);
        free(disk->nodes[i]->now.data);
        free(disk->nodes[i]->safe.data);
        free(disk->nodes[i]);
    }
    for (size_t i = 0; i < disk->landed_count; i++)
        free(disk->landed[i].change.data);
    free(disk->landed);
    free(disk->nodes);
    free(disk->moves);
    free(disk->now.list);
    free(disk->safe.list);
    (void)pthread_mutex_destroy(&disk->lock);
    free(disk);
}

struct io *disk_io(struct disk *disk)
{
    return &disk->io;
}

void disk_set_faults(struct disk *disk, const struct disk_faults *faults)
{
    lock(disk);
    disk->faults = *faults;
    disk->calls = disk->matched = 0;
    memset(disk->calls_of, 0, sizeof(disk->calls_of));
    unlock(disk);
}

uint64_t disk_calls(const struct disk *disk)
{
    return disk->calls;
}

uint64_t disk_calls_of(const struct disk *disk, uint32_t kinds)
{
    uint64_t sum = 0;

    for (uint32_t kind = 0; kind < DISK_CALLS_; kind++)
        sum += (kinds >> kind & 1u) != 0 ? disk->calls_of[kind] : 0;
    return sum;
}

bool disk_is_off(const struct disk *disk)
{
    return disk->off;
}

/* Of the unsynced changes of names the disk has a beginning, or any of them: a
 * journal keeps the order, not every file system has one. */
static void settle_names(struct disk *disk)
{
    uint32_t mode = rng_below(&disk->rng, 3);
    uint32_t prefix = rng_below(&disk->rng, disk->move_count + 1);

    for (uint32_t i = 0; i < disk->move_count; i++) {
        bool kept = mode == 0 || (mode == 1 && i < prefix) ||
                    (mode == 2 && rng_below(&disk->rng, 2) == 0);
        if (kept)
            apply_move(&disk->safe, &disk->moves[i]);
    }
    disk->move_count = 0;
    disk->now.count = disk->safe.count;
    memcpy(disk->now.list, disk->safe.list, disk->safe.count * sizeof(struct name));
}

void disk_restart(struct disk *disk, enum disk_restart how)
{
    lock(disk);
    disk->off = false;
    if (how == DISK_NO_POWER) {
        settle_names(disk);
        for (uint32_t i = 0; i < disk->node_count; i++) {
            node_settle(disk, disk->nodes[i]);
            content_copy(&disk->nodes[i]->now, &disk->nodes[i]->safe);
        }
    }
    unlock(disk);
}

uint32_t disk_file_count(const struct disk *disk)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < disk->now.count; i++)
        count += disk->now.list[i].node != NULL;
    return count;
}

static void damage_content(struct rng *rng, struct content *c, enum disk_damage damage)
{
    size_t at = rng_below(rng, (uint32_t)c->size);
    size_t size = 1 + rng_below(rng, 64), other = rng_below(rng, (uint32_t)c->size);

    if (size > c->size - at)
        size = c->size - at;
    if (damage == DISK_FLIP)
        c->data[at] ^= (uint8_t)(1u << rng_below(rng, 8));
    else if (damage == DISK_ZERO)
        memset(c->data + at, 0, size);
    else if (damage == DISK_CUT)
        content_resize(c, at);
    for (size_t i = 0; damage == DISK_SWAP && i < size && other + i < c->size; i++) {
        uint8_t byte = c->data[at + i];
        c->data[at + i] = c->data[other + i];
        c->data[other + i] = byte;
    }
}

/* A file that is not empty, at random. */
static struct name *choose_name(struct disk *disk, struct rng *rng, const char *prefix)
{
    uint32_t found = 0;
    struct name *chosen = NULL;

    for (uint32_t i = 0; i < disk->now.count; i++) {
        struct name *name = &disk->now.list[i];
        if (name->node == NULL || name->node->now.size == 0 ||
            strncmp(name->path, prefix, strlen(prefix)) != 0)
            continue;
        if (rng_below(rng, ++found) == 0)
            chosen = name;
    }
    return chosen;
}

void disk_rot(struct disk *disk, const char *prefix, enum disk_damage damage, char ret[128])
{
    lock(disk);
    struct name *chosen = choose_name(disk, &disk->rng, prefix);
    ret[0] = '\0';
    if (chosen != NULL) {
        struct node *node = chosen->node;
        (void)snprintf(ret, 128, "%s", chosen->path);
        node_make_safe(disk, node);
        damage_content(&disk->rng, &node->now, damage);
        land_size(disk, node, 0);
        land_bytes(disk, node, 0, node->now.data, node->now.size);
    }
    if (chosen != NULL && damage == DISK_GONE) {
        name_remove(&disk->now, ret);
        name_remove(&disk->safe, ret);
    }
    unlock(disk);
}

void disk_go_bad(struct disk *disk, const char *prefix, char ret[128])
{
    lock(disk);
    const struct name *chosen = choose_name(disk, &disk->rng, prefix);
    ret[0] = '\0';
    if (chosen != NULL) {
        struct node *node = chosen->node;
        (void)snprintf(ret, 128, "%s", chosen->path);
        node->bad_at = rng_below(&disk->rng, (uint32_t)node->now.size);
        node->bad_size = 1 + rng_below(&disk->rng, 64);
        if (node->bad_size > node->now.size - node->bad_at) /* a file may grow behind it */
            node->bad_size = node->now.size - node->bad_at;
    }
    unlock(disk);
}

void disk_mend(struct disk *disk)
{
    lock(disk);
    for (uint32_t i = 0; i < disk->node_count; i++)
        disk->nodes[i]->bad_size = 0;
    unlock(disk);
}

/* ---- a write that went elsewhere ---- */

/* Only bytes that are the file's take it; the file has the length that it should have. */
static void node_rebuild(struct disk *disk, struct node *node)
{
    struct content *c = &node->safe;

    content_resize(c, 0);
    for (size_t i = 0; i < disk->landed_count; i++) {
        const struct landed *l = &disk->landed[i];
        size_t end = l->change.offset + l->change.size, size = l->change.size;
        if (l->node == node && l->wrong == NULL)
            content_apply(c, &l->change);
        else if (l->node == node && c->size < end)
            content_resize(c, end);
        if (l->wrong != node || l->wrong_offset >= c->size)
            continue;
        if (size > c->size - l->wrong_offset)
            size = c->size - l->wrong_offset;
        content_write(c, l->wrong_offset, l->change.data, size);
    }
    content_copy(&node->now, c);
}

/* One of the writes to a node before number `end` of all; NULL: there is none. */
static struct landed *choose_write(struct disk *disk, struct rng *rng, const struct node *node,
                                   size_t end)
{
    struct landed *chosen = NULL;
    uint32_t found = 0;

    for (size_t i = 0; i < end; i++) {
        struct landed *l = &disk->landed[i];
        if (l->node == node && !l->change.truncate && l->change.size > 0 && l->wrong == NULL &&
            rng_below(rng, ++found) == 0)
            chosen = l;
    }
    return chosen;
}

bool disk_misdirect(struct disk *disk, struct rng *rng, const char *from, const char *to,
                    struct disk_misdirected *ret)
{
    struct landed *lost = NULL;

    lock(disk);
    const struct name *right = choose_name(disk, rng, from);
    const struct name *wrong = to == NULL ? right : choose_name(disk, rng, to);
    if (right != NULL && wrong != NULL) {
        node_make_safe(disk, right->node);
        node_make_safe(disk, wrong->node);
        lost = choose_write(disk, rng, right->node, disk->landed_count);
    }
    if (lost != NULL) {
        (void)snprintf(ret->from, sizeof(ret->from), "%s", right->path);
        (void)snprintf(ret->to, sizeof(ret->to), "%s", wrong->path);
        /* Most harm is done where another one begins. */
        const struct landed *other =
            choose_write(disk, rng, wrong->node, (size_t)(lost - disk->landed));
        lost->wrong = wrong->node;
        lost->wrong_offset = other != NULL && rng_below(rng, 2) == 0
                                 ? other->change.offset
                                 : rng_below(rng, (uint32_t)wrong->node->now.size);
        node_rebuild(disk, right->node);
        if (wrong->node != right->node)
            node_rebuild(disk, wrong->node);
    }
    unlock(disk);
    return lost != NULL;
}

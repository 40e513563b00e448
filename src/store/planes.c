/* SPDX-License-Identifier: Apache-2.0 */
/* planes.c - numbers as byte planes: the low bytes of all, then the next (segment.md). */
#include "store/column_priv.h"

enum status planes_put(struct buf *ret, const uint32_t *tokens, uint32_t count, struct packing how,
                       struct error *err)
{
    uint32_t all = 0, planes = 1;
    struct buf raw;

    for (uint32_t i = 0; i < count; i++)
        all |= tokens[i];
    while (planes < 4 && all >> (8 * planes) != 0)
        planes++;
    buf_init(&raw, COLUMN_STREAM_BYTES_MAX);
    buf_put_u8(&raw, (uint8_t)planes);
    uint8_t *out = buf_extend(&raw, (size_t)planes * count);
    for (uint32_t p = 0; out != NULL && p < planes; p++)
        for (uint32_t i = 0; i < count; i++)
            out[(size_t)p * count + i] = (uint8_t)(tokens[i] >> (8 * p));
    enum status status = buf_check(&raw, err);
    if (status == STATUS_OK)
        status = stream_put(ret, buf_slice(&raw), how, err);
    buf_release(&raw);
    return status;
}

enum status planes_get(struct reader *reader, struct arena *scratch, uint32_t **ret,
                       uint32_t *ret_count, struct error *err)
{
    struct slice raw;
    enum status status = stream_get(reader, scratch, &raw, err);

    if (status != STATUS_OK)
        return status;
    uint8_t planes = raw.size > 0 ? (uint8_t)raw.data[0] : 0;
    if (planes < 1 || planes > 4 || (raw.size - 1) % planes != 0 ||
        (raw.size - 1) / planes > COLUMN_VALUES_MAX)
        return ERROR_SET(err, STATUS_CORRUPT, "the numbers of a column do not decode");
    uint32_t count = (uint32_t)((raw.size - 1) / planes);
    uint32_t *out = arena_alloc_raw(scratch, (size_t)count * sizeof(*out) + 4, err);
    if (out == NULL)
        return err->status;
    const uint8_t *in = (const uint8_t *)raw.data + 1;
    for (uint32_t i = 0; i < count; i++)
        out[i] = in[i];
    for (uint32_t p = 1; p < planes; p++)
        for (uint32_t i = 0; i < count; i++)
            out[i] |= (uint32_t)in[(size_t)p * count + i] << (8 * p);
    *ret = out;
    *ret_count = count;
    return STATUS_OK;
}

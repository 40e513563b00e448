/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - runs a file of {"id","query"} lines without tables; answers on
 * standard output. */
#include "query/batch.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct query_request request = {.now = time_from_unix_us(clock_unix_us(clock_system()))};
    FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int result = 0;

    request.check_only = argc > 2;
    if (file == NULL)
        return 2;
    while ((size = getline(&line, &capacity, file)) > 0) {
        struct error err = {0};
        struct buf out;
        buf_init(&out, GIB);
        struct slice text = slice_trim(slice_from(line, (size_t)size));
        if (query_batch_line(&request, text, &out, &err) != STATUS_OK) {
            fprintf(stderr, "%s\n", err.text);
            result = 1;
        }
        (void)fwrite(out.data, 1, out.size, stdout);
        buf_release(&out);
    }
    free(line);
    (void)fclose(file);
    return result;
}

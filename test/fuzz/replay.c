/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - runs a fuzz target over a corpus directory or files, as a test.
 * With libFuzzer (make fuzz) this file is left out. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat st;

    if (file == NULL || fstat(fileno(file), &st) != 0) {
        fprintf(stderr, "cannot read '%s'\n", path);
        return 1;
    }
    size_t size = (size_t)st.st_size;
    /* Exactly sized, so that the sanitizer sees a read behind the end. */
    uint8_t *data = malloc(size > 0 ? size : 1);
    size_t got = data == NULL ? 0 : fread(data, 1, size, file);
    (void)fclose(file);
    if (data == NULL || got != size) {
        free(data);
        return 1;
    }
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0, count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (dir == NULL) {
            failed += replay_file(argv[i]);
            count++;
            continue;
        }
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
            char path[4096];
            if (entry->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            failed += replay_file(path);
            count++;
        }
        (void)closedir(dir);
    }
    printf("%d inputs, %d could not be read\n", count, failed);
    return failed != 0 || count == 0;
}

/*
 * Copyright (C) 2026 Distill Guard
 *
 * Gives a target the files of its corpus, each once and in order of their
 * names: what was found once stays mended.
 *
 * Arguments: directories.  Prints how many files it gave.
 */


#include <dirent.h>

#include "fuzz.h"


#define LONGEST  (1 << 20)


static void
give(const char *path)
{
    FILE    *f;
    size_t   n;
    u_char  *data;

    f = fopen(path, "rb");

    if (f == NULL) {
        perror(path);
        exit(2);
    }

    data = fuzz_alloc(LONGEST);
    n = fread(data, 1, LONGEST, f);

    if (ferror(f)) {
        perror(path);
        exit(2);
    }

    fclose(f);

    /* in a block that is no longer than what is in it */

    data = realloc(data, n ? n : 1);

    if (data == NULL) {
        abort();
    }

    (void) LLVMFuzzerTestOneInput(data, n);
    free(data);
}


static unsigned
give_all(const char *dir)
{
    int              i, n;
    char             path[4096];
    unsigned         given;
    struct dirent  **list;

    n = scandir(dir, &list, NULL, alphasort);

    if (n == -1) {
        perror(dir);
        exit(2);
    }

    given = 0;

    for (i = 0; i < n; i++) {

        if (list[i]->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
            give(path);
            given++;
        }

        free(list[i]);
    }

    free(list);

    return given;
}


int
main(int argc, char **argv)
{
    int       i;
    unsigned  given;

    given = 0;

    for (i = 1; i < argc; i++) {
        given += give_all(argv[i]);
    }

    printf("%u inputs\n", given);

    return given ? 0 : 2;
}

/* Makes the n-th change below one folder fail. Preloaded (LD_PRELOAD), so that it sees what libraries in Rust and C++
 * write as well. A change is an open for writing, a write, truncate or sync of what was opened so, a new folder, a new
 * name and a removal. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES = 4096 };

static char root[PATH_MAX];
static long counted, chosen;
static int fault, stays;
static unsigned char watched[FILES];

/* From the next change on: the n-th one fails with an error number, or kills (fault < 0). A disk that is full or read
 * only stays so. */
void faults_arm(const char *folder, long n, int number, int lasting) {
    strncpy(root, folder, sizeof root - 1);
    counted = 0;
    chosen = n;
    fault = number;
    stays = lasting;
}

long faults_count(void) { return counted; }

static int fails_now(int removes) {
    if (!root[0]) return 0;
    counted++;
    if (removes && fault == ENOSPC) return 0; /* a full disk lets go of what it has */
    if (!chosen || !(counted == chosen || (stays && counted > chosen))) return 0;
    if (fault < 0) kill(getpid(), SIGKILL);
    errno = fault;
    return 1;
}

static int is_below(int folder, const char *path) {
    char whole[2 * PATH_MAX], link[64];
    if (!root[0] || !path) return 0;
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        char base[PATH_MAX] = "";
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t size = readlink(link, base, sizeof base - 1);
            if (size < 0) return 0;
            base[size] = 0;
        }
        snprintf(whole, sizeof whole, "%s/%s", base, path);
    }
    size_t length = strlen(root);
    return !strncmp(whole, root, length) && (whole[length] == '/' || !whole[length]);
}

static int is_watched(int file) { return root[0] && file >= 0 && file < FILES && watched[file]; }

#define ORIGINAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CHANGES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))

static int watch(int file, int is_changed) {
    if (file >= 0 && file < FILES) watched[file] = is_changed;
    return file;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        int is_changed = CHANGES(flags) && is_below(AT_FDCWD, path);                                                   \
        if (is_changed && fails_now(0)) return -1;                                                                      \
        return watch(ORIGINAL(name)(path, flags, mode), is_changed);                                                   \
    }
#define OPENAT(name)                                                                                                   \
    int name(int folder, const char *path, int flags, ...) {                                                           \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        int is_changed = CHANGES(flags) && is_below(folder, path);                                                     \
        if (is_changed && fails_now(0)) return -1;                                                                      \
        return watch(ORIGINAL(name)(folder, path, flags, mode), is_changed);                                           \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                                    \
    FILE *name(const char *path, const char *mode) {                                                                   \
        int is_changed = strpbrk(mode, "wa+") && is_below(AT_FDCWD, path);                                             \
        if (is_changed && fails_now(0)) return NULL;                                                                    \
        return ORIGINAL(name)(path, mode);                                                                             \
    }
FOPEN(fopen)
FOPEN(fopen64)

int close(int file) {
    if (file >= 0 && file < FILES) watched[file] = 0;
    return ORIGINAL(close)(file);
}

ssize_t write(int file, const void *content, size_t size) {
    if (is_watched(file) && fails_now(0)) return -1;
    return ORIGINAL(write)(file, content, size);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (is_watched(file) && fails_now(0)) return -1;
    return ORIGINAL(writev)(file, parts, count);
}

ssize_t pwrite64(int file, const void *content, size_t size, off64_t place) {
    if (is_watched(file) && fails_now(0)) return -1;
    return ORIGINAL(pwrite64)(file, content, size, place);
}

int ftruncate64(int file, off64_t size) {
    if (is_watched(file) && fails_now(0)) return -1;
    return ORIGINAL(ftruncate64)(file, size);
}

int fsync(int file) {
    if (is_watched(file) && fails_now(0)) return -1;
    return ORIGINAL(fsync)(file);
}

int rename(const char *from, const char *to) {
    if ((is_below(AT_FDCWD, from) || is_below(AT_FDCWD, to)) && fails_now(0)) return -1;
    return ORIGINAL(rename)(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    if ((is_below(from_folder, from) || is_below(to_folder, to)) && fails_now(0)) return -1;
    return ORIGINAL(renameat)(from_folder, from, to_folder, to);
}

int unlink(const char *path) {
    if (is_below(AT_FDCWD, path) && fails_now(1)) return -1;
    return ORIGINAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags) {
    if (is_below(folder, path) && fails_now(1)) return -1;
    return ORIGINAL(unlinkat)(folder, path, flags);
}

int rmdir(const char *path) {
    if (is_below(AT_FDCWD, path) && fails_now(1)) return -1;
    return ORIGINAL(rmdir)(path);
}

int mkdir(const char *path, mode_t mode) {
    if (is_below(AT_FDCWD, path) && fails_now(0)) return -1;
    return ORIGINAL(mkdir)(path, mode);
}

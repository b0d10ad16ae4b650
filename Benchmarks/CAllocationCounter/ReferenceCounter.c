// Counts retains and releases per thread through the hooks that the Swift runtime has for instruments.
#define _GNU_SOURCE
#include "CAllocationCounter.h"

#if defined(__linux__)
#include <dlfcn.h>
#include <stdbool.h>

static __thread uint64_t references __attribute__((tls_model("initial-exec")));

static void *(*retain_one)(void *);
static void (*release_one)(void *);
static void *(*retain_many)(void *, uint32_t);
static void (*release_many)(void *, uint32_t);

static void *counted_retain(void *object) {
    references++;
    return retain_one(object);
}
static void counted_release(void *object) {
    references++;
    release_one(object);
}
static void *counted_retain_many(void *object, uint32_t count) {
    references++;
    return retain_many(object, count);
}
static void counted_release_many(void *object, uint32_t count) {
    references++;
    release_many(object, count);
}

// Looked up at run time: a copy of these variables in the executable would not be the ones the runtime reads.
static bool *hooks_in_use;

static bool install(void) {
    if (hooks_in_use) return true;
    void **retain = dlsym(RTLD_DEFAULT, "_swift_retain");
    void **release = dlsym(RTLD_DEFAULT, "_swift_release");
    void **retain_n = dlsym(RTLD_DEFAULT, "_swift_retain_n");
    void **release_n = dlsym(RTLD_DEFAULT, "_swift_release_n");
    bool *in_use = dlsym(
        RTLD_DEFAULT, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly");
    if (!retain || !release || !retain_n || !release_n || !in_use) return false;
    retain_one = *retain;
    release_one = *release;
    retain_many = *retain_n;
    release_many = *release_n;
    *retain = counted_retain;
    *release = counted_release;
    *retain_n = counted_retain_many;
    *release_n = counted_release_many;
    hooks_in_use = in_use;
    return true;
}

bool outdial_count_references(bool counts) {
    if (!install()) return false;
    __atomic_store_n(hooks_in_use, counts, __ATOMIC_SEQ_CST);
    return true;
}
uint64_t outdial_reference_count(void) { return references; }
#else
bool outdial_count_references(bool counts) { return false; }
uint64_t outdial_reference_count(void) { return 0; }
#endif

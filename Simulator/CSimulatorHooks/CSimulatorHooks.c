#define _GNU_SOURCE
#include "CSimulatorHooks.h"

#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

#define SWIFT_CC __attribute__((swiftcall))

static __thread const csim_world *current;
static __thread uint64_t clock_reads;

void csim_enter(const csim_world *world) { current = world; }

uint64_t csim_clock_reads(void) { return clock_reads; }

uint64_t csim_thread(void) { return (uint64_t)(uintptr_t)&current; }

void csim_pause(void) {
    struct timespec millisecond = {.tv_nsec = 1000000};
    nanosleep(&millisecond, NULL);
}

// Jobs: the runtime's own hook.

typedef SWIFT_CC void (*enqueue_original)(void *job);

static SWIFT_CC void enqueue(void *job, enqueue_original original) {
    if (current != NULL) {
        current->take(current->context, job);
    } else {
        original(job);
    }
}

void csim_install(void) {
    void **hook = dlsym(RTLD_DEFAULT, "swift_task_enqueueGlobal_hook");
    if (hook != NULL) *hook = (void *)enqueue;
}

// Clocks: everything in the process asks libc, and the executable's definition stands before the library's. Weak, so
// that a statically linked libc keeps its own; left out under sanitizers, which have one too.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define CSIM_SANITIZED 1
#endif
#endif

#if defined(__linux__) && !defined(CSIM_SANITIZED)
typedef int (*get_time)(clockid_t clock, struct timespec *time);

static int from_libc(clockid_t clock, struct timespec *time) {
    static get_time original;
    get_time next = __atomic_load_n(&original, __ATOMIC_RELAXED);
    if (next == NULL) {
        next = (get_time)dlsym(RTLD_NEXT, "clock_gettime");
        __atomic_store_n(&original, next, __ATOMIC_RELAXED);
    }
    return next(clock, time);
}

__attribute__((weak)) int clock_gettime(clockid_t clock, struct timespec *time) {
    if (current == NULL) return from_libc(clock, time);
    int64_t now;
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: now = current->wall(current->context); break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: now = current->now(current->context); break;
    default: return from_libc(clock, time);
    }
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    clock_reads++;
    return 0;
}
#endif

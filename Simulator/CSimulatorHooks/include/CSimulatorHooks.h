#pragma once

// The doors through which a program leaves a simulated world, closed for threads that run one: jobs for the global pool
// (unstructured tasks) and the clocks (ContinuousClock, SuspendingClock, Date). Other threads notice nothing.

#include <stdint.h>

/// What a thread's world does with jobs and with the question for the time.
typedef struct csim_world {
    void *context;
    /// Takes a job (a Swift `UnownedJob`) that was meant for the global pool.
    void (*take)(void *context, void *job);
    /// Nanoseconds of virtual time, and of the virtual wall clock since 1970.
    int64_t (*now)(void *context);
    int64_t (*wall)(void *context);
} csim_world;

/// Installs the hook for jobs; once per process, before the first world runs.
void csim_install(void);
/// Makes `world` the world of the calling thread; NULL for none. It must outlive the assignment.
void csim_enter(const csim_world *world);
/// How often this thread's clocks were answered with virtual time; stays 0 where libc's clock is out of reach.
uint64_t csim_clock_reads(void);
/// An identity of the calling thread, never 0.
uint64_t csim_thread(void);
/// Lets other threads run for a millisecond of real time.
void csim_pause(void);

#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Heap allocations made by the calling thread since it started (malloc, calloc, realloc, aligned forms).
uint64_t outdial_allocation_count(void);

/// CPU time used by the calling thread, in nanoseconds.
uint64_t outdial_thread_cpu_nanoseconds(void);

/// CPU time used by the whole process, in nanoseconds.
uint64_t outdial_process_cpu_nanoseconds(void);

/// Resident memory of the process in bytes; 0 when it cannot be told.
uint64_t outdial_resident_bytes(void);

/// Gives freed memory back to the system, so that outdial_resident_bytes() counts what is in use.
void outdial_release_free_memory(void);

/// Begins or ends the counting of retains and releases, which slows them; false where the runtime has no hooks for it.
bool outdial_count_references(bool counts);

/// Retains and releases made by the calling thread while they were counted; several at once count as one.
uint64_t outdial_reference_count(void);

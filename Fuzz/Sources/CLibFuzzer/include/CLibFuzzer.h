#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: runs `callback` until a limit of the arguments is reached or it crashes.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#pragma once

// Shared by the files of this target alone.

#include "CLinuxIO.h"

#include <sys/socket.h>

socklen_t linuxio_to_system(const linuxio_address *address, struct sockaddr_storage *system);
/// False for another family than IPv4 and IPv6.
_Bool linuxio_from_system(const void *system, linuxio_address *address);

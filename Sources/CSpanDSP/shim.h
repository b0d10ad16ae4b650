#pragma once
#include <stdint.h>
/* Only what is used: the library's umbrella header asks for libtiff. */
#include <spandsp/telephony.h>
#include <spandsp/g722.h>

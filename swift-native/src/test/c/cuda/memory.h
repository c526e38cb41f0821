/* The memory of the fake device: addresses that are no host addresses, guards around each piece, rubbish inside. */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H
#include <stddef.h>
#include <stdint.h>

namespace device_memory {
/* A device address, 0 if the limit is reached. */
uint64_t take(size_t bytes);
/* False if there is no such piece. */
bool give(uint64_t address);
/* The host address of [address, address + bytes), null if that is not all of one live piece. */
void *host(uint64_t address, size_t bytes);
/* Pieces around which something was written. */
long long broken();
size_t used();
extern size_t limit;
} // namespace device_memory

/* The numbers of streams begin here; below it there are none. */
const long long FIRST_STREAM = 7;
#endif

#include "memory.h"
#include <map>
#include <stdlib.h>
#include <string.h>

namespace device_memory {
/* Beyond what a process can have: a host access of such an address faults. */
static const uint64_t TAG = 1ull << 62;
static const size_t GUARD = 256;
static const unsigned char MARK = 0xa5;
static std::map<uint64_t, size_t> pieces;
static size_t in_use;
static long long wrong;
size_t limit = 8ull << 30;

uint64_t take(size_t bytes) {
  if (in_use + bytes > limit) return 0;
  unsigned char *p = (unsigned char *)aligned_alloc(GUARD, (bytes + 3 * GUARD - 1) / GUARD * GUARD);
  if (!p) return 0;
  memset(p, MARK, GUARD);
  memset(p + GUARD, 0xff, bytes); /* NaN, so that a read of what was not written shows */
  memset(p + GUARD + bytes, MARK, GUARD);
  uint64_t address = (uint64_t)(p + GUARD) | TAG;
  pieces[address] = bytes;
  in_use += bytes;
  return address;
}

static unsigned char *real(uint64_t address) { return (unsigned char *)(address & ~TAG); }

static bool whole(uint64_t address, size_t bytes) {
  for (size_t i = 0; i < GUARD; i++)
    if (real(address)[(long)i - (long)GUARD] != MARK || real(address)[bytes + i] != MARK) return false;
  return true;
}

bool give(uint64_t address) {
  auto piece = pieces.find(address);
  if (piece == pieces.end()) return false;
  if (!whole(address, piece->second)) wrong++;
  in_use -= piece->second;
  free(real(address) - GUARD);
  pieces.erase(piece);
  return true;
}

void *host(uint64_t address, size_t bytes) {
  auto next = pieces.upper_bound(address);
  if (next == pieces.begin()) return 0;
  auto piece = --next;
  /* The end of a piece may be named: a slice of no rows. */
  return address + bytes <= piece->first + piece->second + (bytes == 1) ? real(address) : 0;
}

long long broken() {
  long long n = wrong;
  for (auto &piece : pieces) n += !whole(piece.first, piece.second);
  return n;
}

size_t used() { return in_use; }
} // namespace device_memory

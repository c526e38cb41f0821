/* Buffers of calls that have ended wait in a few places for the next one; a place is taken and filled in one atomic step. */
#include "swiftk.h"
#include <stdatomic.h>
#include <stdlib.h>

#define PLACES 32
#define HEADER 64
#define LARGEST (64 << 20)

static void *_Atomic places[PLACES];

void *swiftk_take(size_t bytes) {
  for (int i = 0; i < PLACES; i++) {
    char *p = atomic_exchange(&places[i], NULL);
    if (!p) continue;
    if (*(size_t *)p >= bytes) return p + HEADER;
    free(p);
    break;
  }
  void *p = NULL;
  if (posix_memalign(&p, HEADER, bytes + HEADER)) return NULL;
  *(size_t *)p = bytes;
  return (char *)p + HEADER;
}

void swiftk_give(void *buffer) {
  void *p = (char *)buffer - HEADER;
  for (int i = 0; i < PLACES && *(size_t *)p <= LARGEST; i++) {
    void *empty = NULL;
    if (atomic_compare_exchange_strong(&places[i], &empty, p)) return;
  }
  free(p);
}

__attribute__((destructor)) static void drop(void) {
  for (int i = 0; i < PLACES; i++) free(atomic_exchange(&places[i], NULL));
}

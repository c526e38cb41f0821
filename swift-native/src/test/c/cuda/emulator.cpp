/* The scheduler of emulator.h: fibers for the threads of a block. */
#include "emulator.h"
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim
#include <stdio.h>
#include <stdlib.h>
#include <vector>
#include "memory.h"
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace emulator {
Dim thread, block, block_size, grid_size;
unsigned char *dynamic;
static const Kernel *kernels;
static const char *failure;
static const size_t STACK = 64 << 10, DYNAMIC = 256 << 10, MOST = 1024;

Kernel::Kernel(const char *name, void (*call)(void **), bool barriers, int parameters)
    : name(name), call(call), barriers(barriers), parameters(parameters), next(kernels) {
  kernels = this;
}

const Kernel *find(const char *name) {
  const Kernel *k = kernels;
  while (k && strcmp(k->name, name)) k = k->next;
  return k;
}

void fail(const char *reason) {
  if (!failure) failure = reason;
}

const char *take_failure() {
  const char *f = failure;
  failure = 0;
  return f;
}

void *resolve(uint64_t address) {
  if (!address) return 0;
  void *p = device_memory::host(address, 1);
  if (!p) fail("an argument is no address of live device memory");
  return p;
}

/* ---- fibers ---- */

enum State { READY, AT_WARP, AT_BLOCK, DONE };
struct Fiber {
  State state;
  unsigned exchanges;
#if defined(__x86_64__)
  void *stack;
#else
  ucontext_t context;
#endif
};
static Fiber fibers[MOST];
static unsigned current;
static unsigned char *stacks;
static Slot slots[2][MOST];
static void (*body)(void **);
static void **arguments;
static bool with_fibers;

#if defined(__x86_64__)
static void *scheduler;
extern "C" void swift_switch(void **save, void *to);
__asm__(
    ".text\n.type swift_switch,@function\nswift_switch:\n"
    "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp,(%rdi)\nmov %rsi,%rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n"
    ".size swift_switch,.-swift_switch\n");
static void leave() { swift_switch(&fibers[current].stack, scheduler); }
static void enter() { swift_switch(&scheduler, fibers[current].stack); }
#else
static ucontext_t scheduler;
static void leave() { swapcontext(&fibers[current].context, &scheduler); }
static void enter() { swapcontext(&scheduler, &fibers[current].context); }
#endif

static void main_of_fiber() {
  body(arguments);
  fibers[current].state = DONE;
  leave();
}

static void prepare(unsigned i) {
  Fiber *f = fibers + i;
  f->state = READY;
  f->exchanges = 0;
  unsigned char *low = stacks + i * STACK;
#if defined(__x86_64__)
  void **top = (void **)(low + STACK - 64 * (i % 32 + 1));
  *--top = 0; /* main_of_fiber never returns; keeps the stack aligned as after a call */
  *--top = (void *)main_of_fiber;
  top -= 6;
  f->stack = top;
#else
  getcontext(&f->context);
  f->context.uc_stack.ss_sp = low;
  f->context.uc_stack.ss_size = STACK;
  f->context.uc_link = 0;
  makecontext(&f->context, main_of_fiber, 0);
#endif
}

void wait(Wait what) {
  if (!with_fibers) {
    fail("a barrier in a kernel that is declared without");
    return;
  }
  if (what == WARP) fibers[current].exchanges++;
  fibers[current].state = what == WARP ? AT_WARP : AT_BLOCK;
  leave();
}

/* Two sets in turn: a lane that is one exchange ahead does not overwrite what others still read. */
void *own_slot() { return &slots[fibers[current].exchanges & 1][current]; }
const void *lane_slot(unsigned lane) {
  unsigned at = (current & ~31u) + lane;
  if (at >= block_size.x) fail("a value was asked of a lane that is not there");
  return &slots[(fibers[current].exchanges + 1) & 1][at < MOST ? at : 0];
}

/* Runs a warp until all its threads wait for the block or are done. */
static void run_warp(unsigned from, unsigned to) {
  for (;;) {
    unsigned at_warp = 0, others = 0;
    for (unsigned i = from; i < to; i++) {
      if (fibers[i].state == READY) {
        current = i;
        thread.x = i;
        enter();
      }
      fibers[i].state == AT_WARP ? at_warp++ : others++;
    }
    if (!at_warp) return;
    if (others) {
      fail("the lanes of a warp went different ways at a warp function");
      return;
    }
    for (unsigned i = from; i < to; i++) fibers[i].state = READY;
  }
}

static void run_block() {
  unsigned n = block_size.x;
  for (unsigned i = 0; i < n; i++) prepare(i);
  for (;;) {
    unsigned waiting = 0;
    for (unsigned from = 0; from < n && !failure; from += 32) run_warp(from, min(n, from + 32));
    if (failure) return;
    for (unsigned i = 0; i < n; i++) waiting += fibers[i].state == AT_BLOCK;
    if (!waiting) return;
    if (waiting != n) {
      fail("not all threads of a block came to a barrier");
      return;
    }
    for (unsigned i = 0; i < n; i++) fibers[i].state = READY;
  }
}

void launch(void (*f)(void **), void **pointers, bool barriers) {
  if (failure) return;
  body = f;
  arguments = pointers;
  with_fibers = barriers;
  for (block.z = 0; block.z < grid_size.z; block.z++)
    for (block.y = 0; block.y < grid_size.y; block.y++)
      for (block.x = 0; block.x < grid_size.x && !failure; block.x++) {
        thread = Dim{0, 0, 0};
        if (barriers) {
          run_block();
        } else {
          for (thread.x = 0; thread.x < block_size.x; thread.x++) f(pointers);
        }
      }
}

/* Launches by name; the reason of a failure, or null. */
const char *start(const Kernel *kernel, Dim grid, Dim size, unsigned shared, void **parameters) {
  if (!stacks) stacks = (unsigned char *)malloc(STACK * MOST), dynamic = (unsigned char *)aligned_alloc(64, DYNAMIC);
  if (size.x * size.y * size.z > MOST || size.y != 1 || size.z != 1) return "blocks have up to 1024 threads in a row";
  if (shared + 64 > DYNAMIC) return "more shared memory than there is";
  grid_size = grid;
  block_size = size;
  memset(dynamic, 0xff, shared);
  memset(dynamic + shared, 0x5a, 64);
  kernel->call(parameters);
  for (int i = 0; i < 64; i++)
    if (dynamic[shared + i] != 0x5a) fail("shared memory was written behind its end");
  return take_failure();
}
} // namespace emulator

/* Recorded passes: kernels one after the other, without a call from Java for each, by one thread or by several. Whoever leads
 * opens command after command, and all threads that are there draw parts of it; it goes on when all parts are done. Helpers come
 * and go as they like: what nobody else takes the leader does. Commands that are too short for that it does alone.
 *
 * ProgramWriter.java writes what is read here. */
#include "swiftk.h"
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* In the order of ProgramWriter.Kind. */
enum {
  FILL, COPY, COPY_COLUMNS, CAST, MATMUL, BINARY, UNARY, SCALE, AXPY, REDUCE_COLUMNS, SUM_ROWS, SOFTMAX, GATHER_ROWS,
  SCATTER_ROWS, RMS_NORM, ROPE, GATED, ATTENTION, ARGMAX
};

/* nanos are what one thread takes, as an estimate; of attention those of a pair of a query and a key. */
typedef struct { i64 kernel, n, align; double nanos; i64 a[20]; } command_t;

/* Items of a command that were drawn and that are done; a line of its own for each. */
typedef struct { _Atomic i64 drawn, done; i64 line[6]; } turn_t;

typedef struct {
  i64 count, late, head[6];
  _Atomic i64 now, open, failed, line1[5];
  _Atomic i64 inside, line2[7];
  command_t commands[];
} program_t;

/* Where keys lie: a table of pages or 0, rows of a page, then starts and lengths of each sequence. */
typedef struct { i64 pages, page; struct { i64 q_start, q_length, k_start, k_length; } of[]; } sequences_t;
typedef struct { i64 sequence, from, to; } block_t;

/* Estimated nanoseconds from which on sharing a command pays. */
#define WORTH 3000
/* A leader that waits for longer counts it, and lets others have its processor. */
#define SPIN_NANOS 20000

#define P(i) ((void *)c->a[i])
#define F(i) real(c->a[i])

static float real(i64 word) {
  int32_t bits = (int32_t)word;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static i64 nanos(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void rest(void) {
#if SWIFTK_X86
  __builtin_ia32_pause();
#endif
}

static turn_t *turns(program_t *p) { return (turn_t *)(p->commands + p->count); }

/* Units are a block of queries and the heads that share its keys; later blocks see more keys and come first. */
static int attend(const command_t *c, i64 from, i64 to) {
  const sequences_t *s = P(16);
  const block_t *blocks = P(17);
  i64 heads = c->a[4], each = c->a[12], units = heads / each, last = c->n / units - 1;
  int code = 0;
  for (i64 i = from; i < to; i++) {
    block_t b = blocks[last - i / units];
    i64 k_start = s->of[b.sequence].k_start;
    const int32_t *pages = s->pages ? (const int32_t *)s->pages + k_start : 0;
    code |= swiftk_chosen->attention(P(0), P(1), P(2), (int)c->a[3], pages, s->page, heads, c->a[5], c->a[6], c->a[7],
        c->a[8], F(9), F(10), (int)c->a[15], c->a[11], s->of[b.sequence].q_start, s->of[b.sequence].q_length, k_start,
        s->of[b.sequence].k_length, i % units * each, each, P(13), P(14), b.from, b.to);
  }
  return code;
}

static int perform(const command_t *c, i64 from, i64 to) {
  const kernels_t *k = swiftk_chosen;
  switch (c->kernel) {
    case FILL: k->fill(P(0), F(1), from, to); return 0;
    case COPY: memcpy((char *)P(1) + from, (char *)P(0) + from, (size_t)(to - from)); return 0;
    case COPY_COLUMNS:
      for (i64 r = from; r < to; r++)
        memcpy((char *)P(3) + r * c->a[4] + c->a[5], (char *)P(0) + r * c->a[1] + c->a[2], (size_t)c->a[6]);
      return 0;
    case CAST: k->cast(P(0), (int)c->a[1], P(2), (int)c->a[3], from, to); return 0;
    case MATMUL:
      return k->matmul(P(0), (int)c->a[1], P(2), (int)c->a[3], (int)c->a[4], P(5), c->a[6], c->a[7], c->a[8], F(9), F(10),
          c->a[11] ? from : 0, c->a[11] ? to : c->a[6], c->a[11] ? 0 : from, c->a[11] ? c->a[7] : to);
    case BINARY: k->binary((int)c->a[0], P(1), P(2), P(3), c->a[4], c->a[5], c->a[6], from, to); return 0;
    case UNARY: k->unary((int)c->a[0], P(1), P(2), from, to); return 0;
    case SCALE: k->scale(P(0), F(1), P(2), from, to); return 0;
    case AXPY: k->axpy(F(0), P(1), P(2), from, to); return 0;
    case REDUCE_COLUMNS: k->reduce_columns((int)c->a[0], P(1), c->a[2], P(3), from, to); return 0;
    case SUM_ROWS: k->sum_rows(P(0), c->a[1], c->a[2], P(3), F(4), from, to); return 0;
    case SOFTMAX: k->softmax(P(0), c->a[1], P(2), from, to); return 0;
    case GATHER_ROWS: k->gather_rows(P(0), (int)c->a[1], c->a[2], P(3), P(4), from, to); return 0;
    case SCATTER_ROWS: k->scatter_rows(P(0), c->a[1], P(2), P(3), (int)c->a[4], from, to); return 0;
    case RMS_NORM: k->rms_norm(P(0), P(1), (int)c->a[2], F(3), F(4), P(5), P(6), c->a[7], from, to); return 0;
    case ROPE:
      k->rope(P(0), c->a[1], c->a[2], P(3), P(4), c->a[5], (int)c->a[6], (int)c->a[7], P(8), from, to);
      return 0;
    case GATED: k->gated((int)c->a[0], P(1), P(2), P(3), from, to); return 0;
    case ATTENTION: return attend(c, from, to);
    default: k->argmax(P(0), c->a[1], P(2), from, to); return 0;
  }
}

static int worth(const command_t *c) {
  if (c->n <= c->align) return 0;
  if (c->kernel != ATTENTION) return c->nanos >= WORTH;
  const sequences_t *s = P(16);
  const block_t *blocks = P(17);
  double pairs = 0;
  for (i64 b = 0; b < c->n * c->a[12] / c->a[4]; b++)
    pairs += (double)((blocks[b].to - blocks[b].from) * s->of[blocks[b].sequence].k_length);
  return c->nanos * pairs >= WORTH;
}

/* Draws parts of an open command until none are left: large ones first, so that each thread reads long streams, then smaller
 * ones, so that all end together. */
static void work(program_t *p, i64 index, i64 threads) {
  const command_t *c = &p->commands[index];
  turn_t *t = turns(p) + index;
  i64 from = atomic_load_explicit(&t->drawn, memory_order_relaxed);
  while (from < c->n) {
    i64 share = (c->n - from) * 2 / (threads * 3), to = from + (share + c->align - 1) / c->align * c->align;
    if (share <= 0) to = from + c->align;
    if (to > c->n) to = c->n;
    if (!atomic_compare_exchange_weak(&t->drawn, &from, to)) continue;
    if (perform(c, from, to)) atomic_store(&p->failed, 1);
    atomic_fetch_add_explicit(&t->done, to - from, memory_order_release);
    from = atomic_load_explicit(&t->drawn, memory_order_relaxed);
  }
}

/* Waits for the parts that others took. */
static void await(program_t *p, i64 index) {
  const command_t *c = &p->commands[index];
  turn_t *t = turns(p) + index;
  i64 start = 0;
  for (i64 i = 1; atomic_load_explicit(&t->done, memory_order_acquire) < c->n; i++) {
    rest();
    if (i % 64) continue;
    i64 now = nanos();
    if (!start) start = now;
    if (now - start > SPIN_NANOS) sched_yield();
  }
  if (start) {
    i64 waited = nanos() - start;
    if (waited > SPIN_NANOS) p->late += waited;
  }
}

/* Lets helpers in; 0 if some are still on their way out of the pass before, in which case the leader goes alone. */
EXPORT int swiftk_program_open(program_t *p) {
  p->late = 0;
  atomic_store(&p->failed, 0);
  for (int i = 0; atomic_load(&p->inside); i++) {
    if (i == 1000) return 0;
    rest();
  }
  turn_t *t = turns(p);
  for (i64 i = 0; i < p->count; i++) {
    atomic_store_explicit(&t[i].drawn, 0, memory_order_relaxed);
    atomic_store_explicit(&t[i].done, 0, memory_order_relaxed);
  }
  atomic_store(&p->now, -1);
  atomic_store(&p->open, 1);
  return 1;
}

/* Does all commands, together with up to threads - 1 helpers if they were let in; not 0 if a kernel got no memory. */
EXPORT int swiftk_program_lead(program_t *p, i64 threads) {
  if (threads < 2) atomic_store(&p->failed, 0);
  for (i64 i = 0; i < p->count && !atomic_load_explicit(&p->failed, memory_order_relaxed); i++) {
    const command_t *c = &p->commands[i];
    if (threads < 2 || !worth(c)) {
      if (perform(c, 0, c->n)) atomic_store(&p->failed, 1);
      continue;
    }
    atomic_store_explicit(&p->now, i, memory_order_release);
    work(p, i, threads);
    await(p, i);
  }
  if (threads > 1) {
    atomic_store(&p->open, 0);
    atomic_store(&p->now, p->count);
  }
  return (int)atomic_load(&p->failed);
}

/* Helps whoever leads until the end of the pass; returns at once if none is open. */
EXPORT void swiftk_program_help(program_t *p, i64 threads) {
  atomic_fetch_add(&p->inside, 1);
  if (atomic_load(&p->open)) {
    i64 seen = -1, now;
    for (i64 idle = 1; (now = atomic_load_explicit(&p->now, memory_order_acquire)) < p->count; idle++) {
      if (now != seen) {
        work(p, now, threads);
        seen = now;
        idle = 0;
      } else {
        rest();
        if (idle % 4096 == 0) sched_yield();
      }
    }
  }
  atomic_fetch_sub(&p->inside, 1);
}

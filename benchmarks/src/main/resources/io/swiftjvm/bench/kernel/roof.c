/* What one thread of this machine can do at most: chains of fused multiply-adds that fill the pipes, and reading. */
#include <stddef.h>
#define CHAINS 12
#define BODY(bytes) \
  typedef float vec __attribute__((vector_size(bytes))); \
  vec acc[CHAINS], x = (vec){0} + 0.999f, y = (vec){0} + 1e-3f; \
  for (int c = 0; c < CHAINS; c++) acc[c] = y + (float)c; \
  for (long i = 0; i < rounds; i++) { \
    _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) acc[c] = acc[c] * x + y; \
  } \
  vec all = acc[0]; \
  for (int c = 1; c < CHAINS; c++) all += acc[c]; \
  *sink = all[0]; \
  return 2.0 * CHAINS * (bytes / 4) * rounds;

/* Both return the work done: float operations, bytes. */
#if defined(__x86_64__)
__attribute__((target("avx512f,fma"))) static double wide(long rounds, float *sink) { BODY(64) }
__attribute__((target("avx2,fma"))) static double middle(long rounds, float *sink) { BODY(32) }
double roof_multiply(int level, long rounds, float *sink) {
  return level == 2 ? wide(rounds, sink) : middle(rounds, sink);
}
#define READ __attribute__((target("avx2")))
#else
double roof_multiply(int level, long rounds, float *sink) { BODY(16) }
#define READ
#endif

READ double roof_read(const float *from, long floats, float *sink) {
  typedef float vec __attribute__((vector_size(32)));
  vec a = {0}, b = {0}, c = {0}, d = {0};
  for (long i = 0; i + 32 <= floats; i += 32) {
    const vec *p = (const vec *)(from + i);
    a += p[0], b += p[1], c += p[2], d += p[3];
  }
  vec all = a + b + c + d;
  *sink = all[0] + all[7];
  return 4.0 * floats;
}

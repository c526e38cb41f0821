/* Vectors of VB bytes in the compiler's own notation; loads of part of a vector read nothing beyond it. */
#define W (VB / 4)

typedef float vf __attribute__((vector_size(VB)));
typedef int32_t vi __attribute__((vector_size(VB)));
typedef uint32_t vu __attribute__((vector_size(VB)));
typedef uint16_t vh __attribute__((vector_size(VB / 2)));
typedef float vfu __attribute__((vector_size(VB), aligned(4), may_alias));
typedef uint16_t vhu __attribute__((vector_size(VB / 2), aligned(2), may_alias));

INLINE vf splat(float x) { return x - (vf){0}; }
INLINE vf ld(const float *p) { return *(const vfu *)p; }
INLINE void st(float *p, vf v) { *(vfu *)p = v; }
INLINE vf pick(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }

#if VB == 64
#define vmax(a, b) ((vf)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define vsqrt(a) ((vf)_mm512_sqrt_ps((__m512)(a)))
#elif VB == 32
#define vmax(a, b) ((vf)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define vsqrt(a) ((vf)_mm256_sqrt_ps((__m256)(a)))
#else
INLINE vf vmax(vf a, vf b) { return pick(a > b, a, b); }
INLINE vf vsqrt(vf a) {
  for (int i = 0; i < W; i++) a[i] = sqrtf(a[i]);
  return a;
}
#endif

/* a b + c. Left to the compiler one copy of a function might round once and another one twice, so that bits would differ. */
INLINE vf fused(vf a, vf b, vf c) {
#if VB == 64
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif VB == 32
  return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

/* alpha s + beta out, and out may be anything if beta is 0; rounded alike wherever it stands, too. */
INLINE float finished(float s, float alpha, float beta, float out) {
  float t = alpha * s;
  if (beta == 0) return t;
#if VB >= 32
  return __builtin_fmaf(beta, out, t);
#else
  return t + beta * out;
#endif
}

/* The first n elements; the others are 0. */
INLINE vf ldn(const float *p, i64 n) {
  if (n >= W) return ld(p);
#if VB == 64
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
  vf v = {0};
  memcpy(&v, p, (size_t)(n & (W - 1)) * 4);
  return v;
#endif
}

INLINE void stn(float *p, vf v, i64 n) {
  if (n >= W) {
    st(p, v);
    return;
  }
#if VB == 64
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
  memcpy(p, &v, (size_t)(n & (W - 1)) * 4);
#endif
}

/* With 512 bits the compiler makes this of two halves. */
INLINE vf from_bf16_in_halves(vh h) { return (vf)(__builtin_convertvector(h, vu) << 16); }

INLINE vf from_bf16(vh h) {
#if VB == 64
  return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)h), 16);
#else
  return from_bf16_in_halves(h);
#endif
}

INLINE vf from_f16(vh h) {
#if VB == 64
  return (vf)_mm512_cvtph_ps((__m256i)h);
#elif VB == 32
  return (vf)_mm256_cvtph_ps((__m128i)h);
#else
  vu x = __builtin_convertvector(h, vu);
  vf f = (vf)((x & 0x7fff) << 13) * 0x1p112f; /* subnormals come out right, the largest exponent as 2^16 and up */
  vu big = (vu)(f >= 65536.0f) & 0x7f800000;
  return (vf)((vu)f | big | (x & 0x8000) << 16);
#endif
}

#include "blocks.h"

/* Elements i.. of an array of any type of weights but tiles, widened; of blocks always W. */
INLINE vf ldw(const void *p, int type, i64 i, i64 n) {
  if (type >= NF4) return ldblock(p, type, i);
  if (type == F32) return ldn((const float *)p + i, n);
  const uint16_t *s = (const uint16_t *)p + i;
  vh h;
  if (n >= W) {
    h = *(const vhu *)s;
  } else {
#if VB == 64
    h = (vh)_mm256_maskz_loadu_epi16((__mmask16)((1u << n) - 1), s);
#else
    uint16_t part[W] = {0};
    for (int j = 0; j < W; j++)
      if (j < n) part[j] = s[j];
    memcpy(&h, part, sizeof h);
#endif
  }
  return type == BF16 ? from_bf16(h) : from_f16(h);
}

/* One call for each type that is stored row by row, so that the compiler sees it as a constant. */
#define BY_TYPE(type, CALL) \
  switch (type) { \
    case F32: CALL(F32); break; \
    case BF16: CALL(BF16); break; \
    case F16: CALL(F16); break; \
    case Q8B: CALL(Q8B); break; \
    case F8B: CALL(F8B); break; \
    default: CALL(NF4); \
  }

INLINE double sum_double(vf v) {
  double s = 0;
  for (int i = 0; i < W; i++) s += (double)v[i];
  return s;
}

/* e^r - 1 for |r| <= ln(2)/2 by its series. */
INLINE vf exp_less_1(vf r) {
  vf p = splat(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r;
  return p;
}

/* e^r - 1, and 2^n in two factors: x = n ln 2 + r. Error below 2 ulp. */
INLINE vf reduce_exp(vf x, vf *power, vf *half_power) {
  x = pick(x > 89.0f, splat(89.0f), x);
  x = pick(x < -104.0f, splat(-104.0f), x);
  vf magic = splat(12582912.0f);
  vf t = x * 1.44269504088896341f + magic;
  vi n = (vi)t - (vi)magic;
  vf f = t - magic;
  vf r = x - f * 0.693359375f;
  r = r - f * -2.12194440054690583e-4f;
  vf p = exp_less_1(r);
  vi h = n >> 1;
  *power = (vf)((h + 127) << 23);
  *half_power = (vf)((n - h + 127) << 23);
  return p;
}

#if VB == 64
/* As reduce_exp has it, scaled by one operation that knows underflow; NaN stays, as the second operand of min and max. */
INLINE vf vexp(vf x) {
  __m512 y = _mm512_max_ps(_mm512_set1_ps(-104), _mm512_min_ps(_mm512_set1_ps(89), (__m512)x));
  __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(y, _mm512_set1_ps(1.44269504088896341f)), _MM_FROUND_TO_NEAREST_INT);
  vf r = (vf)y - (vf)n * 0.693359375f;
  r = r - (vf)n * -2.12194440054690583e-4f;
  return (vf)_mm512_scalef_ps((__m512)(exp_less_1(r) + 1.0f), n);
}
#else
INLINE vf vexp(vf x) {
  vf a, b;
  vf p = reduce_exp(x, &a, &b);
  return (p + 1.0f) * a * b;
}
#endif

/* The weight of a score: e^x for x <= 0, and 0 of one that is masked by minus infinity; NaN stays. */
INLINE vf weight_of(vf x) { return pick(x < -1e30f, splat(0), vexp(x)); }

INLINE vf vsigmoid(vf x) { return 1.0f / (1.0f + vexp(-x)); }

/* (e^2|x| - 1) / (e^2|x| + 1), without the cancellation at small x. */
INLINE vf vtanh(vf x) {
  vi sign = (vi)x & (vi)splat(-0.0f);
  vf y = (vf)((vi)x ^ sign);
  y = pick(y > 10.0f, splat(10.0f), y);
  vf a, b;
  vf p = reduce_exp(y + y, &a, &b);
  vf s = a * b;
  vf e = s * p + (s - 1.0f);
  return (vf)((vi)(e / (e + 2.0f)) | sign);
}

#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif
#define LOW(l, d) ((l) & (d) ? W + (l) - (d) : (l))
#define HIGH(l, d) ((l) & (d) ? W + (l) : (l) + (d))
#if VB == 64
#define LANES(F, d) F(0, d), F(1, d), F(2, d), F(3, d), F(4, d), F(5, d), F(6, d), F(7, d), F(8, d), F(9, d), \
  F(10, d), F(11, d), F(12, d), F(13, d), F(14, d), F(15, d)
#elif VB == 32
#define LANES(F, d) F(0, d), F(1, d), F(2, d), F(3, d), F(4, d), F(5, d), F(6, d), F(7, d)
#else
#define LANES(F, d) F(0, d), F(1, d), F(2, d), F(3, d)
#endif
/* Halves are added to halves, always in the same order. */
#define OTHER(l, d) ((l) ^ (d))
#define FOLD(d) v += SHUFFLE(v, v, LANES(OTHER, d));
INLINE float sum(vf v) {
#if VB == 64
  FOLD(8)
#endif
#if VB >= 32
  FOLD(4)
#endif
  FOLD(2)
  FOLD(1)
  return v[0];
}

#define FOLD_MAX(d) v = vmax(v, SHUFFLE(v, v, LANES(OTHER, d)));
INLINE float largest(vf v) {
#if VB == 64
  FOLD_MAX(8)
#endif
#if VB >= 32
  FOLD_MAX(4)
#endif
  FOLD_MAX(2)
  FOLD_MAX(1)
  return v[0];
}

#define EXCHANGE(d) \
  _Pragma("GCC unroll 16") for (int i = 0; i < W; i++) if (!(i & d)) { \
    vf a = r[i], b = r[i + d]; \
    r[i] = SHUFFLE(a, b, LANES(LOW, d)); \
    r[i + d] = SHUFFLE(a, b, LANES(HIGH, d)); \
  }
/* Transposes W vectors in registers by log2(W) rounds of exchanges. */
INLINE void transpose(vf *r) {
#if VB == 64
  EXCHANGE(8)
#endif
#if VB >= 32
  EXCHANGE(4)
#endif
  EXCHANGE(2)
  EXCHANGE(1)
}

/* Scratch of n floats on a cache line, or null: then a kernel returns 1 and has done nothing. */
static float *scratch(i64 n) { return swiftk_take((size_t)n * 4); }

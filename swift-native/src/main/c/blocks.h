/* Weights in blocks that share a scale; i is the element's index in the whole tensor, and W elements that start at a
 * multiple of W never cross a block. (int8 and int4: tiles.h)
 *   Q8B  32 elements in 34 bytes: float16 scale, 32 signed bytes
 *   NF4  64 elements in 36 bytes: float32 scale, twice 16 bytes, each for 32 elements: low halves are the first 16, high ones
 *        the others; codes of arXiv 2305.14314
 *   F8B  128 elements in 132 bytes: float32 scale, 128 bytes of float8 e4m3, none of them NaN */
#define NF4_BYTES 36
#define Q8B_BYTES 34
#define F8B_BYTES 132

typedef int8_t vb __attribute__((vector_size(VB / 4)));
typedef uint8_t vub __attribute__((vector_size(VB / 4)));

static const float NF4_CODE[16] __attribute__((aligned(64))) = {-1.0f, -0.6961928009986877f, -0.5250730514526367f,
    -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
    0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f,
    0.5626170039176941f, 0.7229568362236023f, 1.0f};

/* Of bytes as the compiler converts them each is taken out of its vector alone. */
INLINE vi widen_signed(vb b) {
#if VB == 64
  return (vi)_mm512_cvtepi8_epi32((__m128i)b);
#elif VB == 32
  __m128i low = {0};
  memcpy(&low, &b, sizeof b);
  return (vi)_mm256_cvtepi8_epi32(low);
#else
  return __builtin_convertvector(b, vi);
#endif
}

INLINE vi widen_unsigned(vub b) {
#if VB == 64
  return (vi)_mm512_cvtepu8_epi32((__m128i)b);
#elif VB == 32
  __m128i low = {0};
  memcpy(&low, &b, sizeof b);
  return (vi)_mm256_cvtepu8_epi32(low);
#else
  return __builtin_convertvector(b, vi);
#endif
}

INLINE float half_to_float(uint16_t h) {
#if VB >= 32
  return _cvtsh_ss(h);
#else
  vh v = {0};
  v[0] = h;
  return from_f16(v)[0];
#endif
}

INLINE i64 bytes_before(const int type, i64 i) {
  switch (type) {
    case F32: return i * 4;
    case Q8B: return (i >> 5) * Q8B_BYTES;
    case NF4: return (i >> 6) * NF4_BYTES;
    case F8B: return (i >> 7) * F8B_BYTES;
    default: return i * 2;
  }
}

/* Float8 (arXiv 2209.05433) is float16 with a shorter exponent, e4m3, or a shorter mantissa, e5m2; NaN of e4m3 is not
 * looked for. */
INLINE vf from_f8(const int type, vub b) {
  vu x = (vu)widen_unsigned(b);
  if (type == F8E5) return from_f16(__builtin_convertvector(x << 8, vh));
  return from_f16(__builtin_convertvector((x & 0x80) << 8 | (x & 0x7f) << 7, vh)) * 256.0f;
}

INLINE vi nibbles(const uint8_t *bytes, int high) {
  vub b;
  memcpy(&b, bytes, sizeof b);
  vi v = widen_unsigned(b);
  return high ? v >> 4 : v & 15;
}

INLINE vf nf4_codes(vi index) {
#if VB == 64
  return (vf)_mm512_permutexvar_ps((__m512i)index, _mm512_load_ps(NF4_CODE));
#elif VB == 32
  __m256 low = _mm256_permutevar8x32_ps(_mm256_load_ps(NF4_CODE), (__m256i)index);
  __m256 high = _mm256_permutevar8x32_ps(_mm256_load_ps(NF4_CODE + 8), (__m256i)index);
  return pick(index > 7, (vf)high, (vf)low);
#else
  vf v;
  for (int j = 0; j < W; j++) v[j] = NF4_CODE[index[j]];
  return v;
#endif
}

INLINE vf ldblock(const void *p, const int type, i64 i) {
  const uint8_t *block = (const uint8_t *)p + bytes_before(type, i);
  if (type == Q8B) {
    uint16_t half;
    memcpy(&half, block, 2);
    vb q;
    memcpy(&q, block + 2 + (i & 31), sizeof q);
    return __builtin_convertvector(widen_signed(q), vf) * half_to_float(half);
  }
  float scale;
  memcpy(&scale, block, 4);
  if (type == F8B) {
    vub b;
    memcpy(&b, block + 4 + (i & 127), sizeof b);
    return from_f8(F8E4, b) * scale;
  }
  int at = (int)(i & 63);
  return nf4_codes(nibbles(block + 4 + (at >> 5) * 16 + (at & 15), at >> 4 & 1)) * scale;
}

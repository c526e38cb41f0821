/* out (m,n) = alpha a b^T + beta out for up to MOST rows of a, b (n,k): decoding reads every weight once, so these go at
 * the speed of memory. A block of `warps` warps has 16 results of each row of a; its warps share k, their sums meet in
 * shared memory in a fixed order. */
#include "quantised.cuh"

#define MOST 8

DEVICE void matvec_end(float *sums, int warps, float *out, i64 m, i64 n, float alpha, float beta) {
  __syncthreads();
  i64 n0 = (i64)blockIdx.x * 16;
  for (int i = threadIdx.x; i < m * 16; i += blockDim.x) {
    i64 c = n0 + i % 16;
    if (c >= n) continue;
    float sum = 0;
    for (int w = 0; w < warps; w++) sum += sums[w * (MOST * 16) + i];
    float *to = out + i / 16 * n + c;
    *to = alpha * sum + (beta == 0 ? 0 : beta * *to);
  }
}

/* Eight neighbours that begin at a multiple of 8: from 32 bytes of float32, 16 of bf16 or fp16, 8 of F8B or of NF4, where
 * they are one half of each byte. */
DEVICE void load8(const void *b, int type, i64 at, float *v) {
  if (type == F32) {
    const float4 *p = (const float4 *)((const float *)b + at);
    float4 x = p[0], y = p[1];
    v[0] = x.x, v[1] = x.y, v[2] = x.z, v[3] = x.w, v[4] = y.x, v[5] = y.y, v[6] = y.z, v[7] = y.w;
    return;
  }
  if (type == F8B || type == NF4) {
    bool nf4 = type == NF4;
    int j = (int)(at & (nf4 ? NF4_BLOCK - 1 : F8B_BLOCK - 1)), shift = nf4 && j % 32 >= 16 ? 4 : 0;
    const unsigned char *block = (const unsigned char *)b + (nf4 ? at / NF4_BLOCK * NF4_BYTES : at / F8B_BLOCK * F8B_BYTES);
    const unsigned *p = (const unsigned *)(block + 4 + (nf4 ? j / 32 * 16 + j % 16 : j));
    float scale = *(const float *)block;
    unsigned w[2] = {p[0], p[1]};
    for (int i = 0; i < 8; i++) {
      unsigned byte = w[i / 4] >> (i % 4 * 8 + shift);
      v[i] = (nf4 ? nf4_values[byte & 15] : from_f8(F8E4, (int)(byte & 255))) * scale;
    }
    return;
  }
  uint4 x = *(const uint4 *)((const unsigned short *)b + at);
  unsigned w[4] = {x.x, x.y, x.z, x.w};
  for (int i = 0; i < 4; i++) {
    v[2 * i] = type == BF16 ? __int_as_float_(w[i] << 16) : from_f16((unsigned short)w[i]);
    v[2 * i + 1] = type == BF16 ? __int_as_float_(w[i] & 0xffff0000) : from_f16((unsigned short)(w[i] >> 16));
  }
}

/* Weights that lie row by row. `wide`: k is a multiple of 8 and the weights begin at 16 bytes, those in blocks at 4. */
BLOCK_KERNEL(
    256, swift_matvec, const float *a, const void *b, int type, float *out, int m, i64 n, i64 k, float alpha, float beta,
    int wide) {
  __shared__ float sums[8 * MOST * 16];
  int warps = blockDim.x / 32;
  i64 n0 = (i64)blockIdx.x * 16;
  int step = wide ? 8 : 1;
#pragma unroll 1
  for (int c = 0; c < 16; c++) {
    float sum[MOST] = {};
    i64 row = min(n0 + c, n - 1);
    for (i64 i = (i64)threadIdx.x * step; i < k; i += (i64)blockDim.x * step) {
      float v[8];
      if (wide)
        load8(b, type, row * k + i, v);
      else
        v[0] = load_row(b, type, row * k + i);
#pragma unroll
      for (int r = 0; r < MOST; r++)
        if (r < m)
          for (int j = 0; j < step; j++) sum[r] += a[r * k + i + j] * v[j];
    }
#pragma unroll
    for (int r = 0; r < MOST; r++)
      if (r < m) {
        float s = warp_reduce<Sum>(sum[r]);
        if (lane() == 0) sums[warp() * (MOST * 16) + r * 16 + c] = s;
      }
  }
  matvec_end(sums, warps, out, m, n, alpha, beta);
}

/* Weights in tiles: a warp has 16 rows by 32 columns at a time; lane = half * 16 + row, four codes a load. */
BLOCK_KERNEL(
    256, swift_matvec_tiles, const float *a, const unsigned char *b, int type, float *out, int m, i64 n, i64 k,
    float alpha, float beta) {
  __shared__ float sums[8 * MOST * 16];
  int warps = blockDim.x / 32, row = lane() % 16, half = lane() / 16;
  bool bytes = code_bits(type) == 8;
  int parts = parts_log2(type), words = bytes ? 8 : 4;
  b += blockIdx.x * tiles_across(type, k) * tile_bytes(type);
  float sum[MOST] = {};
  for (int p = warp(); (i64)p * TILE_COLUMNS < k; p += warps) {
    const unsigned char *tile = b + (p >> parts) * tile_bytes(type);
    const unsigned char *part = tile + tile_head(type) + (p & ((1 << parts) - 1)) * part_bytes(type);
    float scale = tile_scale(tile, row);
    int zero = tile_zero(tile, type, row);
    for (int g = half; g < words; g += 2) {
      unsigned codes = *(const unsigned *)(part + g * 64 + row * 4);
      for (int high = 0; high < (bytes ? 1 : 2); high++) {
        i64 at = (i64)p * TILE_COLUMNS + high * 16 + g * 4;
        unsigned upper = type == TILED6 ? *(const unsigned *)(part + 256 + high * 64 + row * 4) >> 2 * g : 0;
        for (int j = 0; j < 4; j++) {
          if (at + j >= k) break;
          int byte = codes >> (8 * j) & 255;
          int code = (bytes ? byte : byte >> 4 * high & 15) | (upper >> (8 * j) & 3) << 4;
          float v = (float)(code - zero) * scale;
#pragma unroll
          for (int r = 0; r < MOST; r++)
            if (r < m) sum[r] += a[r * k + at + j] * v;
        }
      }
    }
  }
#pragma unroll
  for (int r = 0; r < MOST; r++) {
    float other = __shfl_xor_sync(ALL_LANES, sum[r], 16);
    if (half == 0) sums[warp() * (MOST * 16) + r * 16 + row] = sum[r] + other;
  }
  matvec_end(sums, warps, out, m, n, alpha, beta);
}

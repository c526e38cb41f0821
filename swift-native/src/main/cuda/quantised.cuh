/* Elements of quantised weights, laid out as DType says (src/main/c/tiles.h and blocks.h have the CPU's form). */
#ifndef SWIFT_QUANTISED_CUH
#define SWIFT_QUANTISED_CUH
#include "common.cuh"

#define TILE_ROWS 16
#define TILE_COLUMNS 32
#define Q8_TILE (TILE_ROWS * 34)
#define Q4_TILE (TILE_ROWS * 18)
#define NF4_BLOCK 64
#define NF4_BYTES 36
#define Q8B_BLOCK 32
#define Q8B_BYTES 34

/* Quantiles of the normal distribution (QLoRA, arXiv 2305.14314). */
#define NF4_VALUES \
  -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, \
      -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, \
      0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f
#ifdef SWIFT_EMULATOR
static const float nf4_values[16] = {NF4_VALUES};
#else
static __constant__ float nf4_values[16] = {NF4_VALUES};
#endif

DEVICE const unsigned char *tile_of(const void *x, int type, i64 columns, i64 row, i64 column) {
  i64 across = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  return (const unsigned char *)x
      + (row / TILE_ROWS * across + column / TILE_COLUMNS) * (type == Q8 ? Q8_TILE : Q4_TILE);
}

/* The byte of column j (Q4: of columns j and j + 16) of a row of a tile. */
DEVICE i64 tile_code(int row, int j) { return TILE_ROWS * 2 + j / 4 * 64 + row * 4 + j % 4; }

DEVICE float tile_scale(const unsigned char *tile, int row) { return from_f16(((const unsigned short *)tile)[row]); }

DEVICE float load_tile(const void *x, int type, i64 columns, i64 row, i64 column) {
  const unsigned char *tile = tile_of(x, type, columns, row, column);
  int r = (int)(row % TILE_ROWS), j = (int)(column % TILE_COLUMNS);
  float scale = tile_scale(tile, r);
  if (type == Q8) return (float)(tile[tile_code(r, j)] - 128) * scale;
  int b = tile[tile_code(r, j % 16)];
  return (float)((j < 16 ? b & 15 : b >> 4) - 8) * scale;
}

/* Element i of weights that lie row by row: of a float type, NF4 or Q8B. A block of NF4 is two halves of 32, each with
 * column j in the low and column j + 16 in the high half of byte j. */
DEVICE float load_row(const void *x, int type, i64 i) {
  if (type <= F16) return load(x, type, i);
  if (type == Q8B) {
    const unsigned char *block = (const unsigned char *)x + i / Q8B_BLOCK * Q8B_BYTES;
    return (float)(signed char)block[2 + i % Q8B_BLOCK] * from_f16(*(const unsigned short *)block);
  }
  const unsigned char *block = (const unsigned char *)x + i / NF4_BLOCK * NF4_BYTES;
  int at = (int)(i % NF4_BLOCK);
  int b = block[4 + at / 32 * 16 + at % 16];
  return nf4_values[at % 32 < 16 ? b & 15 : b >> 4] * *(const float *)block;
}

/* An element of weights of any type. */
DEVICE float load_any(const void *x, int type, i64 columns, i64 row, i64 column) {
  return type == Q8 || type == Q4 ? load_tile(x, type, columns, row, column) : load_row(x, type, row * columns + column);
}
#endif

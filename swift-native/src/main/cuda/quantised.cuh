/* Elements of quantised weights, laid out as DType says (src/main/c/tiles.h and blocks.h have the CPU's form). */
#ifndef SWIFT_QUANTISED_CUH
#define SWIFT_QUANTISED_CUH
#include "float8.cuh"

#define TILE_ROWS 16
#define TILE_COLUMNS 32
#define NF4_BLOCK 64
#define NF4_BYTES 36
#define Q8B_BLOCK 32
#define Q8B_BYTES 34
#define F8B_BLOCK 128
#define F8B_BYTES 132

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

/* A type of tiles is TILED + kind + 4 log2(parts): groups of 32, 64 or 128 columns are 1, 2 or 4 parts of 32. TILED6 has 6
 * bits: a part is the low four of its codes as 4 bits have them, then the high two. */
enum { BITS8 = 1, ZERO = 2 };
DEVICE bool is_tiled(int type) { return type >= TILED; }
DEVICE int code_bits(int type) { return type == TILED6 ? 6 : type & BITS8 ? 8 : 4; }
DEVICE int parts_log2(int type) { return type == TILED6 ? 0 : (type - TILED) >> 2; }
DEVICE int tile_columns(int type) { return TILE_COLUMNS << parts_log2(type); }
DEVICE i64 tiles_across(int type, i64 columns) { return (columns + tile_columns(type) - 1) / tile_columns(type); }
DEVICE int tile_head(int type) { return TILE_ROWS * (type & ZERO ? 3 : 2); }
DEVICE int part_bytes(int type) { return code_bits(type) * 64; }
DEVICE i64 tile_bytes(int type) { return tile_head(type) + (part_bytes(type) << parts_log2(type)); }

DEVICE const unsigned char *tile_of(const void *x, int type, i64 columns, i64 row, i64 column) {
  return (const unsigned char *)x
      + (row / TILE_ROWS * tiles_across(type, columns) + column / tile_columns(type)) * tile_bytes(type);
}

/* The byte of a tile with the code of a row and a column; of 4 and 6 bits column j + 16 of a part has the high half of j's. */
DEVICE int code_byte(int type, int row, int column) {
  int j = type & BITS8 ? column % TILE_COLUMNS : column % 16;
  return tile_head(type) + column / TILE_COLUMNS * part_bytes(type) + j / 4 * 64 + row * 4 + j % 4;
}

DEVICE float tile_scale(const unsigned char *tile, int row) { return from_f16(((const unsigned short *)tile)[row]); }

DEVICE int tile_zero(const unsigned char *tile, int type, int row) {
  return type & ZERO ? tile[TILE_ROWS * 2 + row] : 1 << (code_bits(type) - 1);
}

/* Of 6 bits: the byte with the high two of a code, and their place in it. */
DEVICE int high_byte(int row, int column) { return TILE_ROWS * 2 + 256 + column / 16 * 64 + row * 4 + column % 4; }
DEVICE int high_shift(int column) { return column % 16 / 4 * 2; }

DEVICE float load_tile(const void *x, int type, i64 columns, i64 row, i64 column) {
  const unsigned char *tile = tile_of(x, type, columns, row, column);
  int r = (int)(row % TILE_ROWS), j = (int)(column % tile_columns(type));
  int b = tile[code_byte(type, r, j)];
  if (code_bits(type) < 8) b = j % TILE_COLUMNS < 16 ? b & 15 : b >> 4;
  if (type == TILED6) b |= (tile[high_byte(r, j)] >> high_shift(j) & 3) << 4;
  return (float)(b - tile_zero(tile, type, r)) * tile_scale(tile, r);
}

/* Element i of weights that lie row by row: of a float type, NF4, Q8B or F8B. A block of NF4 is two halves of 32, each with
 * column j in the low and column j + 16 in the high half of byte j. */
DEVICE float load_row(const void *x, int type, i64 i) {
  if (type <= F16) return load(x, type, i);
  if (type == F8E4 || type == F8E5) return from_f8(type, ((const unsigned char *)x)[i]);
  if (type == F8B) {
    const unsigned char *block = (const unsigned char *)x + i / F8B_BLOCK * F8B_BYTES;
    return from_f8(F8E4, block[4 + i % F8B_BLOCK]) * *(const float *)block;
  }
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
  return is_tiled(type) ? load_tile(x, type, columns, row, column) : load_row(x, type, row * columns + column);
}
#endif

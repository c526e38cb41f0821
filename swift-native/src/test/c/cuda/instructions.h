/* Instructions that kernels name in PTX's assembler, with the operands laid over the lanes of a warp as the PTX ISA has
 * it (sections on ldmatrix, mma.m16n8k16, mma.m16n8k8 and cp.async). */
#ifndef EMULATOR_INSTRUCTIONS_H
#define EMULATOR_INSTRUCTIONS_H

namespace emulator {
inline void aligned16(const void *p) {
  if ((uintptr_t)p % 16) fail("sixteen bytes that do not begin at a multiple of sixteen");
}

/* Register r of a lane holds two neighbours of a row of matrix r; lane i brings the address of row i % 8 of matrix i / 8.
 * Transposed, two neighbours of a column. */
inline void load_matrices(unsigned *registers, const unsigned short *row, bool transposed) {
  aligned16(row);
  *(const unsigned short **)own_slot() = row;
  wait(WARP);
  const Slot *lanes = (const Slot *)lane_slot(0);
  int lane = thread.x & 31, group = lane / 4, pair = lane % 4 * 2;
  for (int r = 0; r < 4; r++) {
    unsigned halves[2];
    for (int h = 0; h < 2; h++) {
      int from = transposed ? pair + h : group, at = transposed ? group : pair + h;
      halves[h] = (*(const unsigned short *const *)&lanes[r * 8 + from])[at];
    }
    registers[r] = halves[0] | halves[1] << 16;
  }
}

inline float bf16_half(unsigned word, int which) {
  unsigned bits = which ? word & 0xffff0000 : word << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

/* sums (16,8) += a (16,16) b (16,8) */
inline void multiply_bf16(float *sums, const unsigned *a, const unsigned *b) {
  float *own = (float *)own_slot();
  for (int i = 0; i < 12; i++) own[i] = bf16_half(i < 8 ? a[i / 2] : b[i / 2 - 4], i % 2);
  wait(WARP);
  const Slot *lanes = (const Slot *)lane_slot(0);
  int lane = thread.x & 31;
  for (int e = 0; e < 4; e++) {
    int row = lane / 4 + e / 2 * 8, column = lane % 4 * 2 + e % 2;
    float sum = sums[e];
    for (int k = 0; k < 16; k++) {
      int at = k % 8 / 2, far = k / 8, half = k % 2;
      sum += lanes[row % 8 * 4 + at].values[(row / 8 + far * 2) * 2 + half]
          * lanes[column * 4 + at].values[8 + far * 2 + half];
    }
    sums[e] = sum;
  }
}

/* sums (16,8) += a (16,8) b (8,8), of whose numbers the last 13 bits are not looked at */
inline void multiply_tf32(float *sums, const unsigned *a, const unsigned *b) {
  float *own = (float *)own_slot();
  for (int i = 0; i < 6; i++) {
    unsigned bits = (i < 4 ? a[i] : b[i - 4]) & ~0x1fffu;
    memcpy(own + i, &bits, 4);
  }
  wait(WARP);
  const Slot *lanes = (const Slot *)lane_slot(0);
  int lane = thread.x & 31;
  for (int e = 0; e < 4; e++) {
    int row = lane / 4 + e / 2 * 8, column = lane % 4 * 2 + e % 2;
    float sum = sums[e];
    for (int k = 0; k < 8; k++)
      sum += lanes[row % 8 * 4 + k % 4].values[row / 8 + k / 4 * 2] * lanes[column * 4 + k % 4].values[4 + k / 4];
    sums[e] = sum;
  }
}

/* At once, which no kernel may rely on. */
inline void copy16(void *to, const void *from, bool there) {
  aligned16(to);
  if (there) {
    aligned16(from);
    memcpy(to, from, 16);
  } else {
    memset(to, 0, 16);
  }
}
} // namespace emulator
#endif

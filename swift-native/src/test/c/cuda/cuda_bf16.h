/* bf16 as far as the kernels name it; conversions are the kernels' own. */
#ifndef EMULATOR_BF16_H
#define EMULATOR_BF16_H
struct __nv_bfloat16 {
  unsigned short bits;
};
#endif

/* 256-bit vectors: 6 x 16 tiles of a product in 12 of 16 registers. */
#include "common.h"
#if SWIFTK_X86
#pragma GCC target("avx2,fma,f16c,bmi2")
#define VB 32
#define MR 6
#define TABLE swiftk_avx2
#define TABLE_NAME "AVX2"
#include "kernels.h"
#endif

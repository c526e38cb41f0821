/* 128-bit vectors: SSE2, NEON, or whatever the compiler makes of them. */
#include "common.h"
#define VB 16
#define MR 4
#define TABLE swiftk_baseline
#define TABLE_NAME "baseline"
#include "kernels.h"

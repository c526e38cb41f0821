/* 512-bit vectors: 14 x 32 tiles of a product in 28 of 32 registers. */
#include "common.h"
#if SWIFTK_X86
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi2")
#define VB 64
#define MR 14
#define TABLE swiftk_avx512
#define TABLE_NAME "AVX-512"
#include "kernels.h"
#if SWIFTK_AMX
#include "amx.h"
#include "stream.h"
#include "parts.h"
#include "split.h"
#include "attention_tiles.h"
#include "attention_gradient_tiles.h"
/* The same kernels but products and attention. */
const kernels_t swiftk_amx = {"AMX", KERNELS(ENTRY).matmul = matmul_amx, .packed = packed_amx, .pack = pack_amx,
    .matmul_packed = matmul_packed_amx, .attention = attention_amx,
    .attention_backward = attention_backward_amx};
#endif
#endif

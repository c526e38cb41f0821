/* Exported functions: each calls the kernel of the chosen instruction set. */
#include "swiftk.h"
#if SWIFTK_X86
#include <cpuid.h>
#endif

#define EXPORT __attribute__((visibility("default")))

const kernels_t *swiftk_chosen = &swiftk_baseline;

/* 0 baseline, 1 AVX2 + FMA, 2 AVX-512 F BW DQ VL VNNI; the operating system must save the registers, too (XCR0). */
static int best(void) {
#if SWIFTK_X86
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_FMA) || !(c & bit_AVX)) return 0;
  unsigned xcr0, high;
  __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
  if ((xcr0 & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) return 0;
  unsigned need = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  return (xcr0 & 0xe0) == 0xe0 && (b & need) == need && (c & bit_AVX512VNNI) ? 2 : 1;
#else
  return 0;
#endif
}

/* Chooses the best instruction set that is not above the limit, and says which. */
EXPORT int swiftk_use(int limit) {
  int level = best();
  if (limit < level) level = limit;
#if SWIFTK_X86
  swiftk_chosen = level >= 2 ? &swiftk_avx512 : level == 1 ? &swiftk_avx2 : &swiftk_baseline;
#endif
  return level;
}

#define RETURN_void
#define RETURN_int return
#define RETURN_double return
#define RETURN_i64 return
#define FORWARD(result, name, parameters, arguments) \
  EXPORT result swiftk_##name parameters { RETURN_##result swiftk_chosen->name arguments; }
KERNELS(FORWARD)

/* Exported functions: each calls the kernel of the chosen instruction set. */
#include "swiftk.h"
#if SWIFTK_X86
#include <cpuid.h>
#endif
#if SWIFTK_AMX
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define EXPORT __attribute__((visibility("default")))

const kernels_t *swiftk_chosen = &swiftk_baseline;

#if SWIFTK_AMX
/* Tiles and their sums of bytes and of bf16. Linux saves tiles only for a process that has asked: ARCH_REQ_XCOMP_PERM,
 * XTILEDATA. */
static int has_amx(unsigned xcr0, unsigned features) {
  unsigned need = bit_AMX_TILE | bit_AMX_INT8 | bit_AMX_BF16;
  return (features & need) == need && (xcr0 & 0x60000) == 0x60000 && !syscall(SYS_arch_prctl, 0x1023, 18);
}
#elif SWIFTK_X86
static int has_amx(unsigned xcr0, unsigned features) { return 0; }
#endif

/* 0 baseline, 1 AVX2 + FMA, 2 AVX-512 F BW DQ VL VNNI, 3 AMX-INT8 and AMX-BF16; the operating system must save the registers,
 * too (XCR0). Tiles are asked for only if the limit lets them be used. */
static int best(int limit) {
#if SWIFTK_X86
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_FMA) || !(c & bit_AVX)) return 0;
  unsigned xcr0, high;
  __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
  if ((xcr0 & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) return 0;
  unsigned need = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  if ((xcr0 & 0xe0) != 0xe0 || (b & need) != need || !(c & bit_AVX512VNNI)) return 1;
  return limit > 2 && has_amx(xcr0, d) ? 3 : 2;
#else
  return 0;
#endif
}

/* Chooses the best instruction set that is not above the limit, and says which. */
EXPORT int swiftk_use(int limit) {
  int level = best(limit);
  if (limit < level) level = limit;
#if SWIFTK_X86
  swiftk_chosen = level >= 2 ? &swiftk_avx512 : level == 1 ? &swiftk_avx2 : &swiftk_baseline;
#endif
#if SWIFTK_AMX
  if (level == 3) swiftk_chosen = &swiftk_amx;
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

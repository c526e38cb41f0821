/* A libcublasLt.so without a GPU: the ABI of cublasLt.h as far as io.swiftjvm.backend.cuda uses it, on the memory of the
 * fake driver. What the real one would refuse or misread is refused here. swift_fake_cublas() makes it fail. */
#include <initializer_list>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "memory.h"

#define API extern "C" __attribute__((visibility("default")))
extern "C" int cuCtxSynchronize();

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum { R_32F = 0, R_16F = 2, R_16BF = 14, COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77 };
enum Magic { HANDLE = 0x4c54, PRODUCT, LAYOUT, PREFERENCE, ALGORITHM };

enum What { RESET, MAJOR, CREATE, HEURISTIC, MATMUL, RUNS, ASKED, LIVE, WORKSPACE };
static int major_version, create_result, heuristic_result, matmul_result;
static long long runs, asked, live, workspace;

API long long swift_fake_cublas(int what, long long value) {
  switch (what) {
    case RESET:
      major_version = 13, create_result = heuristic_result = matmul_result = 0;
      runs = asked = 0, workspace = 4096;
      return 0;
    case MAJOR: return major_version = (int)value;
    case CREATE: return create_result = (int)value;
    case HEURISTIC: return heuristic_result = (int)value;
    case MATMUL: return matmul_result = (int)value;
    case RUNS: return runs;
    case ASKED: return asked;
    case LIVE: return live;
    case WORKSPACE: return workspace = value;
  }
  return -1;
}
static long long ready = swift_fake_cublas(RESET, 0);

struct Thing {
  Magic magic;
};
struct Handle : Thing {};
struct Product : Thing {
  int compute, scale, transpose[2];
};
struct Layout : Thing {
  int type;
  uint64_t rows, columns;
  int64_t stride;
};
struct Preference : Thing {
  uint64_t workspace;
  uint32_t alignment[4];
};
struct Algorithm {
  Magic magic;
  uint32_t alignment[4];
  uint64_t workspace, shape;
  char unused[64 - 40];
};
struct Result {
  Algorithm algorithm;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Algorithm) == 64 && sizeof(Result) == 96, "sizes of cublasLt.h");

template <class T> static int make(T **to, T what) {
  *to = new T(what);
  live++;
  return SUCCESS;
}
template <class T> static int end(T *what, Magic magic) {
  if (!what || what->magic != magic) return INVALID_VALUE;
  what->magic = (Magic)0;
  delete what;
  live--;
  return SUCCESS;
}
static int refuse(const char *reason) {
  fprintf(stderr, "fake libcublasLt: %s\n", reason);
  return INVALID_VALUE;
}

API int cublasLtGetProperty(int which, int *value) { return *value = which == 0 ? major_version : 4, SUCCESS; }
API int cublasLtCreate(Handle **handle) {
  if (create_result) return create_result;
  if (cuCtxSynchronize()) return NOT_INITIALIZED;
  return make(handle, Handle{{HANDLE}});
}
API int cublasLtDestroy(Handle *handle) { return end(handle, HANDLE); }
API int cublasLtMatmulDescCreate(Product **product, int compute, int scale) {
  return make(product, Product{{PRODUCT}, compute, scale, {0, 0}});
}
API int cublasLtMatmulDescDestroy(Product *product) { return end(product, PRODUCT); }
API int cublasLtMatmulDescSetAttribute(Product *product, int attribute, const void *value, size_t bytes) {
  if (product->magic != PRODUCT || attribute < 3 || attribute > 4 || bytes != 4) return refuse("an attribute of a product");
  memcpy(&product->transpose[attribute - 3], value, 4);
  return SUCCESS;
}
API int cublasLtMatrixLayoutCreate(Layout **layout, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  return make(layout, Layout{{LAYOUT}, type, rows, columns, stride});
}
API int cublasLtMatrixLayoutDestroy(Layout *layout) { return end(layout, LAYOUT); }
API int cublasLtMatmulPreferenceCreate(Preference **preference) {
  return make(preference, Preference{{PREFERENCE}, 0, {256, 256, 256, 256}});
}
API int cublasLtMatmulPreferenceDestroy(Preference *preference) { return end(preference, PREFERENCE); }
API int cublasLtMatmulPreferenceSetAttribute(Preference *preference, int attribute, const void *value, size_t bytes) {
  if (preference->magic != PREFERENCE) return refuse("no preference");
  if (attribute == 1 && bytes == 8)
    memcpy(&preference->workspace, value, 8);
  else if (attribute >= 5 && attribute <= 8 && bytes == 4)
    memcpy(&preference->alignment[attribute - 5], value, 4);
  else
    return refuse("an attribute of a preference");
  return SUCCESS;
}

/* The sizes of a product, and a number that tells it from others; false if its parts do not belong together. */
static bool sizes(
    const Product *p, const Layout *a, const Layout *b, const Layout *c, const Layout *d, uint64_t *m, uint64_t *n,
    uint64_t *k, uint64_t *shape) {
  if (p->magic != PRODUCT || a->magic != LAYOUT || b->magic != LAYOUT || c->magic != LAYOUT || d->magic != LAYOUT) return false;
  *m = p->transpose[0] ? a->columns : a->rows;
  *k = p->transpose[0] ? a->rows : a->columns;
  *n = p->transpose[1] ? b->rows : b->columns;
  bool fit = (p->transpose[1] ? b->columns : b->rows) == *k && d->rows == *m && d->columns == *n && c->rows == *m
      && c->columns == *n;
  for (const Layout *l : {a, b, c, d}) fit = fit && l->stride >= (int64_t)l->rows && l->rows && l->columns;
  bool types = a->type == b->type && c->type == R_32F && d->type == R_32F && p->scale == R_32F
      && (a->type == R_32F ? p->compute == COMPUTE_32F || p->compute == COMPUTE_32F_FAST_TF32
                           : (a->type == R_16BF || a->type == R_16F) && p->compute == COMPUTE_32F);
  *shape = ((*m * 31 + *n) * 31 + *k) * 31 + p->transpose[0] * 2 + p->transpose[1] + 4 * a->type + 256 * p->compute;
  return fit && types;
}

API int cublasLtMatmulAlgoGetHeuristic(
    Handle *handle, Product *p, Layout *a, Layout *b, Layout *c, Layout *d, Preference *preference, int count,
    Result *results, int *returned) {
  asked++;
  if (handle->magic != HANDLE || preference->magic != PREFERENCE || count < 1) return refuse("no handle or preference");
  if (heuristic_result) return heuristic_result;
  uint64_t m, n, k;
  Algorithm algorithm = {ALGORITHM, {}, (uint64_t)workspace, 0, {}};
  memcpy(algorithm.alignment, preference->alignment, sizeof algorithm.alignment);
  if (!sizes(p, a, b, c, d, &m, &n, &k, &algorithm.shape)) return refuse("matrices that do not belong together");
  if (preference->workspace < (uint64_t)workspace) return *returned = 0, NOT_SUPPORTED;
  results[0] = Result{algorithm, (size_t)workspace, SUCCESS, 1, {}};
  *returned = 1;
  return SUCCESS;
}

static float element(const void *x, int type, int64_t at, bool tf32) {
  unsigned bits;
  float f;
  if (type == R_16F) {
    _Float16 h;
    memcpy(&h, (const char *)x + 2 * at, 2);
    return (float)h;
  }
  if (type == R_16BF) {
    bits = (unsigned)((const unsigned short *)x)[at] << 16;
  } else {
    memcpy(&bits, (const char *)x + 4 * at, 4);
    if (tf32) bits = (bits + 0x1000) & ~0x1fffu;
  }
  memcpy(&f, &bits, 4);
  return f;
}

static const void *whole(uint64_t address, const Layout *l, uint32_t alignment) {
  size_t width = l->type == R_32F ? 4 : 2;
  if (address % alignment || address % width) return 0;
  return device_memory::host(address, width * ((size_t)l->stride * (l->columns - 1) + l->rows));
}

API int cublasLtMatmul(
    Handle *handle, Product *p, const float *alpha, uint64_t a, Layout *la, uint64_t b, Layout *lb, const float *beta,
    uint64_t c, Layout *lc, uint64_t d, Layout *ld, const Algorithm *algorithm, uint64_t space, size_t bytes, long long stream) {
  runs++;
  if (matmul_result) return matmul_result;
  if (cuCtxSynchronize()) return EXECUTION_FAILED;
  uint64_t m, n, k, shape;
  if (handle->magic != HANDLE || algorithm->magic != ALGORITHM || stream < FIRST_STREAM) return refuse("no handle, algorithm or stream");
  if (!sizes(p, la, lb, lc, ld, &m, &n, &k, &shape) || shape != algorithm->shape) return refuse("another shape's algorithm");
  void *scratch = bytes ? device_memory::host(space, bytes) : 0;
  if (bytes < algorithm->workspace || (bytes && (!scratch || space % 16))) return refuse("no room to work in");
  if (bytes) memset(scratch, 0x77, bytes);
  const void *x = whole(a, la, algorithm->alignment[0]), *y = whole(b, lb, algorithm->alignment[1]);
  float *z = (float *)whole(d, ld, algorithm->alignment[3]);
  if (!x || !y || !z || c != d) return refuse("a matrix that is not whole in memory, or not aligned as was promised");
  bool tf32 = p->compute == COMPUTE_32F_FAST_TF32;
  for (uint64_t j = 0; j < n; j++)
    for (uint64_t i = 0; i < m; i++) {
      float sum = 0;
      for (uint64_t s = 0; s < k; s++)
        sum += element(x, la->type, p->transpose[0] ? s + i * la->stride : i + s * la->stride, tf32)
            * element(y, lb->type, p->transpose[1] ? j + s * lb->stride : s + j * lb->stride, tf32);
      float *to = z + i + j * ld->stride;
      *to = *alpha * sum + (*beta == 0 ? 0 : *beta * *to);
    }
  return SUCCESS;
}

// A simulator of the parts of Ascend's C interface (ACL and aclnn) that the npu backend calls, written from the public
// signatures. Device memory is the host's, streams are immediate, every operation is a plain loop. It holds callers to
// the two-phase protocol, counts what is alive, and fails on demand; it says nothing about a real NPU's numbers or speed.
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))
#define DIMS 8
enum { FLOAT = 0, FLOAT16 = 1, INT32 = 3, BF16 = 27 };
enum { OK = 0, INVALID = 100000, UNINITIALISED = 100001, REPEATED = 100002, NO_DEVICE = 107001, NO_MEMORY = 207001,
       NULL_POINTER = 161001, BAD_PARAMETER = 161002, BAD_EXECUTOR = 361001 };
enum { TENSOR = 0x7e4504, SCALAR = 0x5ca1a4, INTS = 0x147a44, EXECUTOR = 0xe8ec07, STREAM = 0x57e4a3, DEAD = 0xdead };

typedef struct { int magic, type, n; int64_t dims[DIMS], strides[DIMS]; char *data; } Tensor;
typedef struct { int magic; double value; } Scalar;
typedef struct { int magic; uint64_t n; int64_t v[DIMS]; } Ints;
typedef struct { int magic; } Stream;
typedef struct Exec Exec;
struct Exec { int magic; const char *op; uint64_t workspace; void (*run)(Exec *); Tensor t[6]; double s[4]; int64_t i[4]; };

static int initialised, current = -1;
static int64_t live_tensors, live_scalars, live_ints, live_executors, live_streams, live_blocks, live_bytes, launches;
static int64_t memory = 1ll << 33;
static uint32_t devices = 2;
static char failing[64];
static int failing_code;
static char message[256];

static int fail(const char *where, int code) {
  snprintf(message, sizeof message, "%s: simulated error %d", where, code);
  return code;
}
static int injected(const char *where) {
  if (strcmp(failing, where)) return OK;
  failing[0] = 0;
  return fail(where, failing_code);
}
#define ENTER int injected_ = injected(__func__); if (injected_) return injected_
#define ON_DEVICE ENTER; if (!initialised || current < 0) return fail(__func__, initialised ? NO_DEVICE : UNINITIALISED)

// ---- what tests ask and set ------------------------------------------------------------------------------------------
API void aclsim_fail(const char *function, int code) { snprintf(failing, sizeof failing, "%s", function); failing_code = code; }
API void aclsim_devices(uint32_t n) { devices = n; }
API void aclsim_memory(int64_t bytes) { memory = bytes; }
API int64_t aclsim_handles(void) { return live_tensors + live_scalars + live_ints + live_executors + live_streams; }
API int64_t aclsim_blocks(void) { return live_blocks; }
API int64_t aclsim_launches(void) { return launches; }

// ---- runtime ----------------------------------------------------------------------------------------------------------
API int aclInit(const char *config) { ENTER; if (initialised) return REPEATED; initialised = 1; return OK; }
API int aclFinalize(void) { initialised = 0; return OK; }
API const char *aclGetRecentErrMsg(void) { return message[0] ? message : NULL; }
API const char *aclrtGetSocName(void) { return "AscendSimulated"; }
API int aclrtGetDeviceCount(uint32_t *n) { ENTER; *n = devices; return OK; }
API int aclrtSetDevice(int32_t d) { ENTER; if (d < 0 || (uint32_t) d >= devices) return fail(__func__, NO_DEVICE); current = d; return OK; }
API int aclrtResetDevice(int32_t d) { return OK; }
API int aclrtGetMemInfo(int attribute, size_t *free_, size_t *total) { ON_DEVICE; *free_ = memory - live_bytes; *total = memory; return OK; }
API int aclrtCreateStream(void **s) {
  ON_DEVICE;
  Stream *x = malloc(sizeof *x); x->magic = STREAM; *s = x; live_streams++;
  return OK;
}
static int is_stream(void *s) { return s && ((Stream *) s)->magic == STREAM; }
API int aclrtDestroyStream(void *s) { if (!is_stream(s)) return fail(__func__, INVALID); ((Stream *) s)->magic = DEAD; free(s); live_streams--; return OK; }
API int aclrtSynchronizeStream(void *s) { ON_DEVICE; return is_stream(s) ? OK : fail(__func__, INVALID); }
API int aclrtMalloc(void **p, size_t n, int policy) {
  ON_DEVICE;
  if (live_bytes + (int64_t) n > memory) return fail(__func__, NO_MEMORY);
  size_t *block = malloc(n + 64);
  block[0] = n; *p = (char *) block + 64; live_blocks++; live_bytes += n;
  memset(*p, 0x7f, n);
  return OK;
}
API int aclrtFree(void *p) { size_t *block = (size_t *) ((char *) p - 64); live_blocks--; live_bytes -= block[0]; free(block); return OK; }
API int aclrtMemcpy(void *to, size_t room, const void *from, size_t n, int kind) {
  ON_DEVICE;
  if (n > room || kind < 1 || kind > 3) return fail(__func__, INVALID);
  memmove(to, from, n);
  return OK;
}

// ---- handles ----------------------------------------------------------------------------------------------------------
API void *aclCreateTensor(const int64_t *dims, uint64_t n, int type, const int64_t *strides, int64_t offset, int format,
    const int64_t *storage, uint64_t storage_n, void *data) {
  if (n > DIMS || format != 2 || !data) return NULL;
  Tensor *t = calloc(1, sizeof *t);
  t->magic = TENSOR; t->type = type; t->n = (int) n;
  int64_t last = offset, room = 1;
  for (uint64_t i = 0; i < n; i++) { t->dims[i] = dims[i]; t->strides[i] = strides[i]; last += (dims[i] - 1) * strides[i]; }
  for (uint64_t i = 0; i < storage_n; i++) room *= storage[i];
  if (last >= room) { free(t); return NULL; }
  t->data = (char *) data + offset * (type == FLOAT || type == INT32 ? 4 : 2);
  live_tensors++;
  return t;
}
API int aclDestroyTensor(const void *t) { if (((Tensor *) t)->magic != TENSOR) return fail(__func__, INVALID); ((Tensor *) t)->magic = DEAD; free((void *) t); live_tensors--; return OK; }
API void *aclCreateScalar(void *value, int type) {
  if (type != FLOAT) return NULL;
  Scalar *s = malloc(sizeof *s); s->magic = SCALAR; s->value = *(float *) value; live_scalars++;
  return s;
}
API int aclDestroyScalar(const void *s) { if (((Scalar *) s)->magic != SCALAR) return fail(__func__, INVALID); ((Scalar *) s)->magic = DEAD; free((void *) s); live_scalars--; return OK; }
API void *aclCreateIntArray(const int64_t *v, uint64_t n) {
  Ints *a = calloc(1, sizeof *a); a->magic = INTS; a->n = n; memcpy(a->v, v, n * 8); live_ints++;
  return a;
}
API int aclDestroyIntArray(const void *a) { if (((Ints *) a)->magic != INTS) return fail(__func__, INVALID); ((Ints *) a)->magic = DEAD; free((void *) a); live_ints--; return OK; }

// ---- elements ---------------------------------------------------------------------------------------------------------
static double get(const Tensor *t, int64_t at) {
  switch (t->type) {
    case FLOAT: return ((float *) t->data)[at];
    case INT32: return ((int32_t *) t->data)[at];
    case FLOAT16: return (float) ((_Float16 *) t->data)[at];
    default: { uint32_t bits = (uint32_t) ((uint16_t *) t->data)[at] << 16; float f; memcpy(&f, &bits, 4); return f; }
  }
}
static void set(const Tensor *t, int64_t at, double value) {
  float f = (float) value;
  switch (t->type) {
    case FLOAT: ((float *) t->data)[at] = f; break;
    case INT32: ((int32_t *) t->data)[at] = (int32_t) value; break;
    case FLOAT16: ((_Float16 *) t->data)[at] = (_Float16) f; break;
    default: {
      uint32_t bits; memcpy(&bits, &f, 4);
      ((uint16_t *) t->data)[at] = f != f ? (bits >> 16 | 0x40) : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    }
  }
}
static int64_t count(const Tensor *t) { int64_t n = 1; for (int i = 0; i < t->n; i++) n *= t->dims[i]; return n; }
/** The place in t of element `index` of `shape`, t being stretched to that. */
static int64_t place(const Tensor *t, const Tensor *shape, int64_t index) {
  int64_t at = 0;
  for (int d = shape->n - 1, e = t->n - 1; d >= 0; d--, e--) {
    int64_t i = index % shape->dims[d];
    index /= shape->dims[d];
    if (e >= 0 && t->dims[e] != 1) at += i * t->strides[e];
  }
  return at;
}
static int stretches(const Tensor *t, const Tensor *to) {
  if (t->n > to->n) return 0;
  for (int d = to->n - 1, e = t->n - 1; e >= 0; d--, e--) if (t->dims[e] != 1 && t->dims[e] != to->dims[d]) return 0;
  return 1;
}
static int is(const void *h, int magic) { return h && *(int *) h == magic; }
static int prepare(const char *op, void (*run)(Exec *), uint64_t workspace, uint64_t *ws, Exec **out, int n, ...) {
  if (!ws || !out) return fail(op, NULL_POINTER);
  Exec *e = calloc(1, sizeof *e);
  e->magic = EXECUTOR; e->op = op; e->run = run; e->workspace = workspace;
  __builtin_va_list args;
  __builtin_va_start(args, n);
  for (int i = 0; i < n; i++) {
    Tensor *t = __builtin_va_arg(args, Tensor *);
    if (!is(t, TENSOR)) { free(e); __builtin_va_end(args); return fail(op, NULL_POINTER); }
    e->t[i] = *t;
  }
  __builtin_va_end(args);
  *ws = workspace; *out = e; live_executors++;
  return OK;
}
static int refuse(const char *op, Exec **e) { free(*e); *e = NULL; live_executors--; return fail(op, BAD_PARAMETER); }
static int launch(const char *op, void *workspace, uint64_t size, Exec *e, void *stream) {
  if (!initialised || current < 0) return fail(op, UNINITIALISED);
  if (!is(e, EXECUTOR) || strcmp(e->op, op) || !is_stream(stream)) return fail(op, BAD_EXECUTOR);
  if (size < e->workspace || (e->workspace && !workspace)) return fail(op, BAD_PARAMETER);
  if (workspace) memset(workspace, 0x55, e->workspace);
  e->run(e);
  e->magic = DEAD; free(e); live_executors--; launches++;
  return OK;
}
#define PHASE2(name) API int aclnn##name(void *w, uint64_t n, Exec *e, void *s) { ENTER; return launch(__func__, w, n, e, s); }
#define ARGS uint64_t *ws, Exec **ex
#define DO(expression) do { int c_ = (expression); if (c_) return c_; } while (0)
#define CHECK(name, holds) do { if (!(holds)) return refuse("aclnn" #name, ex); } while (0)

// ---- elementwise ------------------------------------------------------------------------------------------------------
#define UNARY(name, expression) \
  static void run_##name(Exec *e) { Tensor *o = &e->t[1]; \
    for (int64_t n = count(o), i = 0; i < n; i++) { double x = get(&e->t[0], place(&e->t[0], o, i)); set(o, place(o, o, i), expression); } } \
  API int aclnn##name##GetWorkspaceSize(Tensor *x, Tensor *out, ARGS) { \
    ENTER; DO(prepare("aclnn" #name, run_##name, 0, ws, ex, 2, x, out)); \
    CHECK(name, count(x) == count(out) && x->type == out->type); return OK; } \
  PHASE2(name)
UNARY(Neg, -x) UNARY(Exp, exp(x)) UNARY(Log, log(x)) UNARY(Sqrt, sqrt(x)) UNARY(Rsqrt, 1 / sqrt(x)) UNARY(Reciprocal, 1 / x)
UNARY(Relu, x != x ? x : x > 0 ? x : 0) UNARY(Sigmoid, 1 / (1 + exp(-x))) UNARY(Tanh, tanh(x)) UNARY(Silu, x * (1 / (1 + exp(-x))))

#define BINARY(name, expression) \
  static void run_##name(Exec *e) { Tensor *o = &e->t[2]; \
    for (int64_t n = count(o), i = 0; i < n; i++) { \
      double a = get(&e->t[0], place(&e->t[0], o, i)), b = get(&e->t[1], place(&e->t[1], o, i)), s = e->s[0]; (void) s; \
      set(o, place(o, o, i), expression); } }
#define FITS(name) CHECK(name, stretches(a, out) && stretches(b, out) && a->type == b->type && a->type == out->type)
#define PLAIN(name, expression) BINARY(name, expression) \
  API int aclnn##name##GetWorkspaceSize(Tensor *a, Tensor *b, Tensor *out, ARGS) { \
    ENTER; DO(prepare("aclnn" #name, run_##name, 0, ws, ex, 3, a, b, out)); FITS(name); return OK; } \
  PHASE2(name)
#define SCALED(name, expression) BINARY(name, expression) \
  API int aclnn##name##GetWorkspaceSize(Tensor *a, Tensor *b, Scalar *alpha, Tensor *out, ARGS) { \
    ENTER; if (!is(alpha, SCALAR)) return fail("aclnn" #name, NULL_POINTER); \
    DO(prepare("aclnn" #name, run_##name, 0, ws, ex, 3, a, b, out)); FITS(name); (*ex)->s[0] = alpha->value; return OK; } \
  PHASE2(name)
PLAIN(Mul, (float) a * (float) b) PLAIN(Div, (float) a / (float) b) PLAIN(Maximum, a != a || b != b ? NAN : a > b ? a : b)
SCALED(Add, a + s * b) SCALED(Sub, a - s * b)
PLAIN(SigmoidBackward, a * b * (1 - b)) PLAIN(TanhBackward, a * (1 - b * b))
PLAIN(SiluBackward, a * (1 / (1 + exp(-b))) * (1 + b * (1 - 1 / (1 + exp(-b)))))
SCALED(ThresholdBackward, b > s ? a : 0)

static void run_Muls(Exec *e) { Tensor *o = &e->t[1]; for (int64_t n = count(o), i = 0; i < n; i++) set(o, place(o, o, i), get(&e->t[0], place(&e->t[0], o, i)) * e->s[0]); }
API int aclnnMulsGetWorkspaceSize(Tensor *x, Scalar *s, Tensor *out, ARGS) {
  ENTER;
  if (!is(s, SCALAR)) return fail("aclnnMuls", NULL_POINTER);
  DO(prepare("aclnnMuls", run_Muls, 0, ws, ex, 2, x, out));
  CHECK(Muls, count(x) == count(out));
  (*ex)->s[0] = s->value;
  return OK;
}
PHASE2(Muls)
static void run_Adds(Exec *e) { Tensor *o = &e->t[1]; for (int64_t n = count(o), i = 0; i < n; i++) set(o, place(o, o, i), get(&e->t[0], place(&e->t[0], o, i)) + e->s[0] * e->s[1]); }
API int aclnnAddsGetWorkspaceSize(Tensor *x, Scalar *s, Scalar *alpha, Tensor *out, ARGS) {
  ENTER;
  if (!is(s, SCALAR) || !is(alpha, SCALAR)) return fail("aclnnAdds", NULL_POINTER);
  DO(prepare("aclnnAdds", run_Adds, 0, ws, ex, 2, x, out));
  CHECK(Adds, count(x) == count(out));
  (*ex)->s[0] = s->value; (*ex)->s[1] = alpha->value;
  return OK;
}
PHASE2(Adds)
static void run_InplaceFillScalar(Exec *e) { Tensor *o = &e->t[0]; for (int64_t n = count(o), i = 0; i < n; i++) set(o, place(o, o, i), e->s[0]); }
API int aclnnInplaceFillScalarGetWorkspaceSize(Tensor *x, Scalar *s, ARGS) {
  ENTER;
  if (!is(s, SCALAR)) return fail("aclnnInplaceFillScalar", NULL_POINTER);
  DO(prepare("aclnnInplaceFillScalar", run_InplaceFillScalar, 0, ws, ex, 1, x));
  (*ex)->s[0] = s->value;
  return OK;
}
PHASE2(InplaceFillScalar)
static void run_InplaceCopy(Exec *e) { Tensor *o = &e->t[0]; for (int64_t n = count(o), i = 0; i < n; i++) set(o, place(o, o, i), get(&e->t[1], place(&e->t[1], o, i))); }
API int aclnnInplaceCopyGetWorkspaceSize(Tensor *to, Tensor *from, ARGS) {
  ENTER;
  DO(prepare("aclnnInplaceCopy", run_InplaceCopy, 0, ws, ex, 2, to, from));
  CHECK(InplaceCopy, stretches(from, to));
  return OK;
}
PHASE2(InplaceCopy)
static void run_Cast(Exec *e) { Tensor *o = &e->t[1]; for (int64_t n = count(o), i = 0; i < n; i++) set(o, place(o, o, i), get(&e->t[0], place(&e->t[0], o, i))); }
API int aclnnCastGetWorkspaceSize(Tensor *x, int type, Tensor *out, ARGS) {
  ENTER;
  DO(prepare("aclnnCast", run_Cast, 0, ws, ex, 2, x, out));
  CHECK(Cast, count(x) == count(out) && out->type == type);
  return OK;
}
PHASE2(Cast)

static double phi(double x) { return 0.5 * (1 + erf(x * sqrt(0.5))); }
static double gelu_u(double x) { return sqrt(2 / M_PI) * x * (1 + 0.044715 * x * x); }
static void run_GeluV2(Exec *e) {
  Tensor *o = &e->t[1];
  for (int64_t n = count(o), i = 0; i < n; i++) {
    double x = get(&e->t[0], place(&e->t[0], o, i));
    set(o, place(o, o, i), e->i[0] ? 0.5 * x * (1 + tanh(gelu_u(x))) : x * phi(x));
  }
}
API int aclnnGeluV2GetWorkspaceSize(Tensor *x, int64_t approximate, Tensor *out, ARGS) {
  ENTER;
  DO(prepare("aclnnGeluV2", run_GeluV2, 0, ws, ex, 2, x, out));
  CHECK(GeluV2, count(x) == count(out) && approximate >= 0 && approximate <= 1);
  (*ex)->i[0] = approximate;
  return OK;
}
PHASE2(GeluV2)
static void run_GeluBackwardV2(Exec *e) {
  Tensor *o = &e->t[2];
  for (int64_t n = count(o), i = 0; i < n; i++) {
    double dy = get(&e->t[0], place(&e->t[0], o, i)), x = get(&e->t[1], place(&e->t[1], o, i)), t = tanh(gelu_u(x));
    double slope = e->i[0] ? 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * sqrt(2 / M_PI) * (1 + 3 * 0.044715 * x * x)
        : phi(x) + x * exp(-0.5 * x * x) / sqrt(2 * M_PI);
    set(o, place(o, o, i), dy * slope);
  }
}
API int aclnnGeluBackwardV2GetWorkspaceSize(Tensor *dy, Tensor *x, char *approximate, Tensor *dx, ARGS) {
  ENTER;
  DO(prepare("aclnnGeluBackwardV2", run_GeluBackwardV2, 0, ws, ex, 3, dy, x, dx));
  CHECK(GeluBackwardV2, approximate && (!strcmp(approximate, "none") || !strcmp(approximate, "tanh")));
  (*ex)->i[0] = !strcmp(approximate, "tanh");
  return OK;
}
PHASE2(GeluBackwardV2)

// ---- rows -------------------------------------------------------------------------------------------------------------
// Two dimensions, as the backend uses them.
static double cell(const Tensor *t, int64_t r, int64_t c) { return get(t, r * t->strides[0] + c * t->strides[1]); }
static void put(const Tensor *t, int64_t r, int64_t c, double v) { set(t, r * t->strides[0] + c * t->strides[1], v); }
static void run_reduce(Exec *e) {
  Tensor *x = &e->t[0], *o = &e->t[1];
  int over = (int) e->i[0];
  for (int64_t i = 0; i < x->dims[1 - over]; i++) {
    double sum = 0, most = -INFINITY;
    for (int64_t j = 0; j < x->dims[over]; j++) {
      double v = over ? cell(x, i, j) : cell(x, j, i);
      sum += v; most = v > most ? v : most;
    }
    set(o, i * o->strides[0], e->i[1] ? most : sum);
  }
}
API int aclnnReduceSumGetWorkspaceSize(Tensor *x, Ints *dims, bool keep, int type, Tensor *out, ARGS) {
  ENTER;
  if (!is(dims, INTS)) return fail("aclnnReduceSum", NULL_POINTER);
  DO(prepare("aclnnReduceSum", run_reduce, 256, ws, ex, 2, x, out));
  CHECK(ReduceSum, x->n == 2 && dims->n == 1 && !keep && out->n == 1 && out->dims[0] == x->dims[1 - dims->v[0]] && type == FLOAT);
  (*ex)->i[0] = dims->v[0];
  return OK;
}
PHASE2(ReduceSum)
API int aclnnAmaxGetWorkspaceSize(Tensor *x, Ints *dims, bool keep, Tensor *out, ARGS) {
  ENTER;
  if (!is(dims, INTS)) return fail("aclnnAmax", NULL_POINTER);
  DO(prepare("aclnnAmax", run_reduce, 256, ws, ex, 2, x, out));
  CHECK(Amax, x->n == 2 && dims->n == 1 && !keep && out->n == 1 && out->dims[0] == x->dims[1 - dims->v[0]]);
  (*ex)->i[0] = dims->v[0]; (*ex)->i[1] = 1;
  return OK;
}
PHASE2(Amax)
static void run_Softmax(Exec *e) {
  Tensor *x = &e->t[0], *o = &e->t[1];
  for (int64_t r = 0; r < x->dims[0]; r++) {
    double most = -INFINITY, sum = 0;
    for (int64_t c = 0; c < x->dims[1]; c++) most = fmax(most, cell(x, r, c));
    for (int64_t c = 0; c < x->dims[1]; c++) sum += exp(cell(x, r, c) - most);
    for (int64_t c = 0; c < x->dims[1]; c++) put(o, r, c, exp(cell(x, r, c) - most) / sum);
  }
}
API int aclnnSoftmaxGetWorkspaceSize(Tensor *x, int64_t dim, Tensor *out, ARGS) {
  ENTER;
  DO(prepare("aclnnSoftmax", run_Softmax, 0, ws, ex, 2, x, out));
  CHECK(Softmax, x->n == 2 && dim == 1 && stretches(x, out));
  return OK;
}
PHASE2(Softmax)
static void run_Embedding(Exec *e) {
  Tensor *w = &e->t[0], *ids = &e->t[1], *o = &e->t[2];
  for (int64_t i = 0; i < ids->dims[0]; i++) {
    int64_t row = (int64_t) get(ids, i);
    for (int64_t c = 0; c < w->dims[1]; c++) put(o, i, c, cell(w, row, c));
  }
}
API int aclnnEmbeddingGetWorkspaceSize(Tensor *w, Tensor *ids, Tensor *out, ARGS) {
  ENTER;
  DO(prepare("aclnnEmbedding", run_Embedding, 0, ws, ex, 3, w, ids, out));
  CHECK(Embedding, w->n == 2 && ids->n == 1 && ids->type == INT32 && w->type == out->type && out->dims[1] == w->dims[1]);
  return OK;
}
PHASE2(Embedding)
static void run_Matmul(Exec *e) {
  Tensor *a = &e->t[0], *b = &e->t[1], *o = &e->t[2];
  for (int64_t i = 0; i < a->dims[0]; i++)
    for (int64_t j = 0; j < b->dims[1]; j++) {
      double sum = 0;
      for (int64_t k = 0; k < a->dims[1]; k++)
        sum += (double) ((float *) a->data)[i * a->strides[0] + k * a->strides[1]] * ((float *) b->data)[k * b->strides[0] + j * b->strides[1]];
      put(o, i, j, sum);
    }
}
API int aclnnMatmulGetWorkspaceSize(Tensor *a, Tensor *b, Tensor *out, int8_t cube, ARGS) {
  ENTER;
  DO(prepare("aclnnMatmul", run_Matmul, 1024, ws, ex, 3, a, b, out));
  CHECK(Matmul, a->n == 2 && b->n == 2 && a->dims[1] == b->dims[0] && out->dims[0] == a->dims[0] && out->dims[1] == b->dims[1]
      && a->type == FLOAT && b->type == FLOAT && cube >= 0 && cube <= 3);
  return OK;
}
PHASE2(Matmul)
static void run_RmsNorm(Exec *e) {
  Tensor *x = &e->t[0], *w = &e->t[1], *y = &e->t[2], *rstd = &e->t[3];
  for (int64_t r = 0; r < x->dims[0]; r++) {
    double sum = 0;
    for (int64_t c = 0; c < x->dims[1]; c++) sum += cell(x, r, c) * cell(x, r, c);
    double f = 1 / sqrt(sum / x->dims[1] + e->s[0]);
    set(rstd, r * rstd->strides[0], f);
    for (int64_t c = 0; c < x->dims[1]; c++) put(y, r, c, cell(x, r, c) * f * get(w, c));
  }
}
API int aclnnRmsNormGetWorkspaceSize(Tensor *x, Tensor *w, double eps, Tensor *y, Tensor *rstd, ARGS) {
  ENTER;
  DO(prepare("aclnnRmsNorm", run_RmsNorm, 512, ws, ex, 4, x, w, y, rstd));
  CHECK(RmsNorm, x->n == 2 && w->n == 1 && w->dims[0] == x->dims[1] && count(rstd) == x->dims[0]);
  (*ex)->s[0] = eps;
  return OK;
}
PHASE2(RmsNorm)
static void run_RmsNormGrad(Exec *e) {
  Tensor *dy = &e->t[0], *x = &e->t[1], *rstd = &e->t[2], *w = &e->t[3], *dx = &e->t[4], *dw = &e->t[5];
  int64_t columns = x->dims[1];
  double *sums = calloc(columns, sizeof *sums), *row = malloc(columns * sizeof *row);
  for (int64_t r = 0; r < x->dims[0]; r++) {
    double f = get(rstd, r * rstd->strides[0]), dot = 0;
    for (int64_t c = 0; c < columns; c++) {
      double normed = cell(x, r, c) * f;
      sums[c] += normed * cell(dy, r, c);
      dot += cell(dy, r, c) * get(w, c) * normed;
    }
    for (int64_t c = 0; c < columns; c++) row[c] = (cell(dy, r, c) * get(w, c) - cell(x, r, c) * f * dot / columns) * f;
    for (int64_t c = 0; c < columns; c++) put(dx, r, c, row[c]);
  }
  for (int64_t c = 0; c < columns; c++) set(dw, c, sums[c]);
  free(sums); free(row);
}
API int aclnnRmsNormGradGetWorkspaceSize(Tensor *dy, Tensor *x, Tensor *rstd, Tensor *w, Tensor *dx, Tensor *dw, ARGS) {
  ENTER;
  DO(prepare("aclnnRmsNormGrad", run_RmsNormGrad, 512, ws, ex, 6, dy, x, rstd, w, dx, dw));
  CHECK(RmsNormGrad, x->n == 2 && count(dy) == count(x) && count(dx) == count(x) && dw->dims[0] == x->dims[1]);
  return OK;
}
PHASE2(RmsNormGrad)

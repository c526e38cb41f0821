/* A libcuda.so.1 without a GPU: the ABI of cuda.h as far as io.swiftjvm.backend.cuda uses it, on the emulator. Streams
 * are immediate. swift_fake() makes it fail in the ways that drivers do. */
#include "emulator.h"
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>
#include <stdio.h>
#include <stdlib.h>
#include "memory.h"

namespace emulator {
const Kernel *find(const char *name);
const char *start(const Kernel *kernel, Dim grid, Dim size, unsigned shared, void **parameters);
} // namespace emulator

#define API extern "C" __attribute__((visibility("default")))
typedef std::lock_guard<std::mutex> Lock;
static std::mutex mutex;
static const int CAPTURE_UNSUPPORTED = 900, OUT_OF_MEMORY = 2, INVALID_VALUE = 1, NOT_FOUND = 500, LAUNCH_FAILED = 719;
static int init_result, version, devices, capability, image_result, compile_result;
static long long launches, fail_at, syncs;
static int sticky;
static thread_local long long current_context;
static std::set<void *> pinned;

/* Streams that keep what is put on them: the work, and memory that was taken meanwhile, which a graph owns. */
struct Graph {
  std::vector<std::function<int()>> work;
  std::vector<uint64_t> taken;
};
static std::map<long long, Graph *> captures;
static long long next_stream = FIRST_STREAM, graphs, graph_launches;
static Graph *captured(long long stream) {
  auto found = captures.find(stream);
  return found == captures.end() ? 0 : found->second;
}

enum What { RESET, INIT, VERSION, DEVICES, MEMORY, FAIL_LAUNCH, BROKEN, LAUNCHES, USED, CAPABILITY, IMAGE, COMPILE, SYNCS, GRAPHS, GRAPH_LAUNCHES };

API long long swift_fake(int what, long long value) {
  Lock lock(mutex);
  switch (what) {
    case RESET:
      init_result = sticky = image_result = compile_result = 0;
      version = 13000, devices = 2, capability = 80, fail_at = -1, launches = syncs = graphs = graph_launches = 0;
      device_memory::limit = 8ll << 30;
      return 0;
    case INIT: return init_result = (int)value;
    case VERSION: return version = (int)value;
    case DEVICES: return devices = (int)value;
    case MEMORY: return (long long)(device_memory::limit = (size_t)value);
    case FAIL_LAUNCH: return fail_at = launches + value;
    case BROKEN: return device_memory::broken();
    case LAUNCHES: return launches;
    case USED: return (long long)device_memory::used();
    case CAPABILITY: return capability = (int)value;
    case IMAGE: return image_result = (int)value;
    case COMPILE: return compile_result = (int)value;
    case SYNCS: return syncs;
    case GRAPHS: return graphs;
    case GRAPH_LAUNCHES: return graph_launches;
  }
  return -1;
}
static long long ready = swift_fake(RESET, 0);

static int in_context() { return sticky ? sticky : current_context ? 0 : 201; }

API int cuInit(unsigned) { return init_result; }
API int cuDriverGetVersion(int *v) { return *v = version, 0; }
API int cuDeviceGetCount(int *n) { return *n = devices, 0; }
API int cuDeviceGet(int *device, int i) { return i < 0 || i >= devices ? 101 : (*device = i, 0); }
API int cuDeviceGetName(char *name, int length, int) { return snprintf(name, (size_t)length, "emulated GPU"), 0; }
API int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = device_memory::limit, 0; }
API int cuDeviceGetAttribute(int *value, int attribute, int) {
  switch (attribute) {
    case 16: *value = 4; break; /* multiprocessors */
    case 36: *value = 1000000; break; /* memory clock, kHz */
    case 37: *value = 64; break; /* bus width, bits */
    case 75: *value = capability / 10; break;
    case 76: *value = capability % 10; break;
    case 97: *value = 101376; break; /* shared memory of a block */
    case 115: *value = 1; break; /* memory pools */
    default: return INVALID_VALUE;
  }
  return 0;
}
API int cuDevicePrimaryCtxRetain(long long *context, int device) { return *context = device + 1, 0; }
API int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
API int cuCtxSetCurrent(long long context) { return current_context = context, 0; }
API int cuCtxSynchronize() { return in_context(); }
API int cuDeviceGetDefaultMemPool(long long *pool, int device) { return *pool = device + 1, 0; }
API int cuMemPoolSetAttribute(long long, int, void *) { return 0; }
API int cuMemPoolTrimTo(long long, size_t) { return 0; }
API int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
  Lock lock(mutex);
  *total = device_memory::limit;
  *free_bytes = *total - device_memory::used();
  return in_context();
}

API int cuMemAllocAsync(uint64_t *address, size_t bytes, long long stream) {
  Lock lock(mutex);
  if (Graph *graph = captured(stream)) {
    if (!(*address = device_memory::take(bytes))) return OUT_OF_MEMORY;
    graph->taken.push_back(*address);
    return 0;
  }
  if (int error = in_context()) return error;
  if (!bytes) return INVALID_VALUE;
  *address = device_memory::take(bytes);
  return *address ? 0 : OUT_OF_MEMORY;
}
API int cuMemFreeAsync(uint64_t address, long long stream) {
  Lock lock(mutex);
  if (Graph *graph = captured(stream)) {
    for (uint64_t own : graph->taken)
      if (own == address) return 0;
    return INVALID_VALUE;
  }
  return device_memory::give(address) ? in_context() : INVALID_VALUE;
}
API int cuMemHostAlloc(void **p, size_t bytes, unsigned) {
  Lock lock(mutex);
  *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  pinned.insert(*p);
  return in_context();
}
API int cuMemFreeHost(void *p) {
  Lock lock(mutex);
  if (!pinned.erase(p)) return INVALID_VALUE;
  free(p);
  return 0;
}

static int copy(void *to, const void *from, size_t bytes) {
  if (int error = in_context()) return error;
  if (!to || !from) return INVALID_VALUE;
  memmove(to, from, bytes);
  return 0;
}
API int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, long long stream) {
  Lock lock(mutex);
  if (captured(stream)) return CAPTURE_UNSUPPORTED;
  return copy(device_memory::host(to, bytes), from, bytes);
}
API int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, long long stream) {
  Lock lock(mutex);
  if (captured(stream)) return CAPTURE_UNSUPPORTED;
  return copy(to, device_memory::host(from, bytes), bytes);
}
static int on_device(uint64_t to, uint64_t from, size_t bytes) {
  return copy(device_memory::host(to, bytes), device_memory::host(from, bytes), bytes);
}
API int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, long long stream) {
  Lock lock(mutex);
  if (Graph *graph = captured(stream)) return graph->work.push_back([=] { return on_device(to, from, bytes); }), 0;
  return on_device(to, from, bytes);
}
static int set(uint64_t to, unsigned value, size_t count) {
  unsigned *p = (unsigned *)device_memory::host(to, count * 4);
  if (!p) return INVALID_VALUE;
  for (size_t i = 0; i < count; i++) p[i] = value;
  return in_context();
}
API int cuMemsetD32Async(uint64_t to, unsigned value, size_t count, long long stream) {
  Lock lock(mutex);
  if (Graph *graph = captured(stream)) return graph->work.push_back([=] { return set(to, value, count); }), 0;
  return set(to, value, count);
}

API int cuStreamCreate(long long *stream, unsigned) { return *stream = next_stream++, in_context(); }
API int cuStreamDestroy_v2(long long) { return 0; }
API int cuStreamSynchronize(long long stream) {
  return captured(stream) ? CAPTURE_UNSUPPORTED : (syncs++, in_context());
}
API int cuEventCreate(double **event, unsigned) { return *event = new double(0), in_context(); }
API int cuEventDestroy_v2(double *event) { return delete event, 0; }
API int cuEventRecord(double *event, long long) {
  *event = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
  return in_context();
}
API int cuEventSynchronize(double *) { return in_context(); }
API int cuEventElapsedTime_v2(float *millis, double *from, double *to) { return *millis = (float)(*to - *from), 0; }
API int cuEventElapsedTime(float *millis, double *from, double *to) { return cuEventElapsedTime_v2(millis, from, to); }

API int cuModuleLoadData(long long *module, const void *image) {
  if (image_result) return image_result;
  return *module = 1, image ? in_context() : INVALID_VALUE;
}
API int cuModuleUnload(long long) { return 0; }
API int cuModuleGetFunction(const emulator::Kernel **function, long long, const char *name) {
  *function = emulator::find(name);
  return *function ? 0 : NOT_FOUND;
}
API int cuFuncSetAttribute(const emulator::Kernel *, int, int) { return 0; }

static int launch(const emulator::Kernel *kernel, emulator::Dim grid, emulator::Dim size, unsigned shared, void **parameters) {
  unsigned gx = grid.x, gy = grid.y, gz = grid.z, bx = size.x, by = size.y, bz = size.z;
  if (int error = in_context()) return error;
  if (!gx || !gy || !gz || !bx || gy > 65535 || gz > 65535) return INVALID_VALUE;
  if (launches++ == fail_at) return sticky = LAUNCH_FAILED;
  const char *reason =
      emulator::start(kernel, emulator::Dim{gx, gy, gz}, emulator::Dim{bx, by, bz}, shared, parameters);
  if (!reason) return 0;
  fprintf(stderr, "fake libcuda: %s: %s\n", kernel->name, reason);
  return sticky = LAUNCH_FAILED;
}

API int cuLaunchKernel(
    const emulator::Kernel *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
    unsigned shared, long long stream, void **parameters, void **) {
  Lock lock(mutex);
  emulator::Dim grid = {gx, gy, gz}, size = {bx, by, bz};
  Graph *graph = captured(stream);
  if (!graph) return launch(kernel, grid, size, shared, parameters);
  std::vector<uint64_t> values;
  for (int i = 0; i < kernel->parameters; i++) values.push_back(*(uint64_t *)parameters[i]);
  graph->work.push_back([=]() mutable {
    std::vector<void *> pointers;
    for (auto &value : values) pointers.push_back(&value);
    return launch(kernel, grid, size, shared, pointers.data());
  });
  return 0;
}

API int cuStreamBeginCapture_v2(long long stream, int mode) {
  Lock lock(mutex);
  if (captured(stream) || mode < 0 || mode > 2) return INVALID_VALUE;
  captures[stream] = new Graph();
  return in_context();
}
API int cuStreamEndCapture(long long stream, Graph **graph) {
  Lock lock(mutex);
  if (!(*graph = captured(stream))) return INVALID_VALUE;
  captures.erase(stream);
  return in_context();
}
API int cuGraphInstantiateWithFlags(Graph **executable, Graph *graph, unsigned long long) {
  Lock lock(mutex);
  *executable = new Graph(*graph);
  graph->taken.clear();
  return graphs++, in_context();
}
static int drop(Graph *graph) {
  Lock lock(mutex);
  for (uint64_t own : graph->taken) device_memory::give(own);
  return delete graph, 0;
}
API int cuGraphDestroy(Graph *graph) { return drop(graph); }
API int cuGraphExecDestroy(Graph *graph) { return drop(graph); }
API int cuGraphLaunch(Graph *graph, long long stream) {
  Lock lock(mutex);
  if (captured(stream)) return CAPTURE_UNSUPPORTED;
  graph_launches++;
  for (auto &work : graph->work)
    if (int error = work()) return error;
  return 0;
}

static const struct {
  int code;
  const char *name, *text;
} ERRORS[] = {
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"}};
API int cuGetErrorName(int code, const char **text) {
  for (auto &e : ERRORS)
    if (e.code == code) return *text = e.name, 0;
  return *text = 0, INVALID_VALUE;
}
API int cuGetErrorString(int code, const char **text) {
  for (auto &e : ERRORS)
    if (e.code == code) return *text = e.text, 0;
  return *text = 0, INVALID_VALUE;
}

/* ---- NVRTC, which compiles nothing here ---- */

static const char LOG[] = "swift.cu(1): error: as the test wished", PTX[] = "// no PTX, the fake device knows its kernels";
API int nvrtcVersion(int *major, int *minor) { return *major = 13, *minor = 0, 0; }
API int nvrtcCreateProgram(void **program, const char *source, const char *, int, const char **, const char **) {
  return *program = (void *)source, strstr(source, "KERNEL(") ? 0 : 3;
}
API int nvrtcCompileProgram(void *, int options, const char **option) {
  for (int i = 0; i < options; i++)
    if (!strncmp(option[i], "--gpu-architecture=", 19)) return compile_result;
  return 5;
}
API int nvrtcGetPTXSize(void *, size_t *size) { return *size = sizeof PTX, 0; }
API int nvrtcGetPTX(void *, char *text) { return memcpy(text, PTX, sizeof PTX), 0; }
API int nvrtcGetProgramLogSize(void *, size_t *size) { return *size = sizeof LOG, 0; }
API int nvrtcGetProgramLog(void *, char *text) { return memcpy(text, LOG, sizeof LOG), 0; }
API int nvrtcDestroyProgram(void **) { return 0; }
API const char *nvrtcGetErrorString(int code) { return code == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR"; }

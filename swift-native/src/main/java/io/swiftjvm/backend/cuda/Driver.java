package io.swiftjvm.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.swiftjvm.error.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The functions of NVIDIA's driver API that the backend needs ({@code cuda.h}, CUDA 11.2 and later). Handles and device
 * addresses are longs. A function returns the driver's code, which {@link #check} turns into an exception.
 */
final class Driver {
  static final int SUCCESS = 0;
  static final int OUT_OF_MEMORY = 2;
  static final int NO_DEVICE = 100;
  static final int NOT_FOUND = 500;
  static final int MULTIPROCESSORS = 16;
  static final int MEMORY_CLOCK_KHZ = 36;
  static final int MEMORY_BUS_BITS = 37;
  static final int CAPABILITY_MAJOR = 75;
  static final int CAPABILITY_MINOR = 76;
  /** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL. */
  private static final int CAPTURE_OF_THREAD = 1;
  /** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES. */
  private static final int DYNAMIC_SHARED = 8;
  /** CU_MEMPOOL_ATTR_RELEASE_THRESHOLD. */
  private static final int RELEASE_THRESHOLD = 4;
  private static final Linker LINKER = Linker.nativeLinker();

  private final SymbolLookup library;
  private final String path;
  private final ThreadLocal<Frame> frames = ThreadLocal.withInitial(Frame::new);
  private final MethodHandle init = find("cuInit", JAVA_INT);
  private final MethodHandle driverVersion = find("cuDriverGetVersion", ADDRESS);
  private final MethodHandle deviceCount = find("cuDeviceGetCount", ADDRESS);
  private final MethodHandle deviceName = find("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
  private final MethodHandle totalMemory = find("cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);
  private final MethodHandle attribute = find("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
  private final MethodHandle retainContext = find("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
  private final MethodHandle releaseContext = find("cuDevicePrimaryCtxRelease_v2", JAVA_INT);
  private final MethodHandle setContext = find("cuCtxSetCurrent", JAVA_LONG);
  private final MethodHandle memoryInfo = find("cuMemGetInfo_v2", ADDRESS, ADDRESS);
  private final MethodHandle defaultPool = find("cuDeviceGetDefaultMemPool", ADDRESS, JAVA_INT);
  private final MethodHandle poolAttribute = find("cuMemPoolSetAttribute", JAVA_LONG, JAVA_INT, ADDRESS);
  private final MethodHandle trimPool = find("cuMemPoolTrimTo", JAVA_LONG, JAVA_LONG);
  private final MethodHandle allocate = find("cuMemAllocAsync", ADDRESS, JAVA_LONG, JAVA_LONG);
  private final MethodHandle free = find("cuMemFreeAsync", JAVA_LONG, JAVA_LONG);
  private final MethodHandle hostAllocate = find("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
  private final MethodHandle hostFree = find("cuMemFreeHost", ADDRESS);
  private final MethodHandle toDevice = find("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
  private final MethodHandle toHost = find("cuMemcpyDtoHAsync_v2", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle onDevice = find("cuMemcpyDtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle set32 = find("cuMemsetD32Async", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private final MethodHandle streamCreate = find("cuStreamCreate", ADDRESS, JAVA_INT);
  private final MethodHandle streamDestroy = find("cuStreamDestroy_v2", JAVA_LONG);
  private final MethodHandle streamSynchronize = find("cuStreamSynchronize", JAVA_LONG);
  private final MethodHandle eventCreate = find("cuEventCreate", ADDRESS, JAVA_INT);
  private final MethodHandle eventDestroy = find("cuEventDestroy_v2", JAVA_LONG);
  private final MethodHandle eventRecord = find("cuEventRecord", JAVA_LONG, JAVA_LONG);
  private final MethodHandle eventSynchronize = find("cuEventSynchronize", JAVA_LONG);
  private final MethodHandle moduleLoad = find("cuModuleLoadData", ADDRESS, ADDRESS);
  private final MethodHandle moduleUnload = find("cuModuleUnload", JAVA_LONG);
  private final MethodHandle moduleFunction = find("cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
  private final MethodHandle functionAttribute = find("cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
  private final MethodHandle launch = find("cuLaunchKernel", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
      JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
  private final @Nullable MethodHandle captureBegin = newer("cuStreamBeginCapture_v2", JAVA_LONG, JAVA_INT);
  private final @Nullable MethodHandle captureEnd = newer("cuStreamEndCapture", JAVA_LONG, ADDRESS);
  private final @Nullable MethodHandle graphInstantiate =
      newer("cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
  private final @Nullable MethodHandle graphLaunch = newer("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
  private final @Nullable MethodHandle graphDestroy = newer("cuGraphDestroy", JAVA_LONG);
  private final @Nullable MethodHandle graphExecDestroy = newer("cuGraphExecDestroy", JAVA_LONG);
  private final @Nullable MethodHandle graphTrim = newer("cuDeviceGraphMemTrim", JAVA_INT);
  private final MethodHandle errorName = find("cuGetErrorName", JAVA_INT, ADDRESS);
  private final MethodHandle errorText = find("cuGetErrorString", JAVA_INT, ADDRESS);

  /** Binds a driver's library; path is for messages. */
  Driver(SymbolLookup library, String path) {
    this.library = library;
    this.path = path;
    // The handles below are looked up in both.
    super();
  }

  /** A function that drivers may lack. */
  private @Nullable MethodHandle newer(String name, MemoryLayout... arguments) {
    return library.find(name).map(symbol -> LINKER.downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT, arguments)))
        .orElse(null);
  }

  private MethodHandle find(String name, MemoryLayout... arguments) {
    MemorySegment symbol = library.find(name).orElseThrow(() -> new DeviceException("The CUDA driver at " + path
        + " has no function " + name + ": it is older than CUDA 11.2. Install a newer driver of NVIDIA's."));
    return LINKER.downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  /** A call into the driver, which returns its code. */
  @FunctionalInterface
  private interface Call {
    int run() throws Throwable;
  }

  /** The driver's functions throw nothing. */
  private static int run(Call call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** What one thread hands to the driver: arguments, and room for an answer. */
  static final class Frame {
    static final int ARGUMENTS = 24;
    final MemorySegment answer = Arena.ofAuto().allocate(16);
    final MemorySegment values = Arena.ofAuto().allocate(8L * ARGUMENTS);
    final MemorySegment pointers = Arena.ofAuto().allocate(8L * ARGUMENTS);

    Frame() {
      for (int i = 0; i < ARGUMENTS; i++) {
        pointers.set(JAVA_LONG, 8L * i, values.address() + 8L * i);
      }
    }
  }

  /** This thread's. */
  Frame frame() {
    return frames.get();
  }

  int init() {
    return run(() -> (int) init.invokeExact(0));
  }

  /** 1000 * major + 10 * minor of the newest CUDA that the driver supports. */
  int version() {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) driverVersion.invokeExact(answer)), "asking for the driver's version");
    return answer.get(JAVA_INT, 0);
  }

  int deviceCount() {
    MemorySegment answer = frame().answer;
    int code = run(() -> (int) deviceCount.invokeExact(answer));
    if (code == NO_DEVICE) {
      return 0;
    }
    check(code, "counting devices");
    return answer.get(JAVA_INT, 0);
  }

  String name(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(256);
      check(run(() -> (int) deviceName.invokeExact(text, 256, device)), "asking for a device's name");
      return text.getString(0);
    }
  }

  long totalMemory(int device) {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) totalMemory.invokeExact(answer, device)), "asking for a device's memory");
    return answer.get(JAVA_LONG, 0);
  }

  /** An attribute, 0 if the driver does not know it. */
  int attribute(int device, int which) {
    MemorySegment answer = frame().answer;
    return run(() -> (int) attribute.invokeExact(answer, which, device)) == SUCCESS ? answer.get(JAVA_INT, 0) : 0;
  }

  long retainContext(int device) {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) retainContext.invokeExact(answer, device)), "opening device " + device);
    return answer.get(JAVA_LONG, 0);
  }

  void releaseContext(int device) {
    run(() -> (int) releaseContext.invokeExact(device));
  }

  /** Makes a context that of this thread; the driver keeps one for each. */
  void enter(long context) {
    try {
      check((int) setContext.invokeExact(context), "entering the device's context");
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  long freeMemory() {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) memoryInfo.invokeExact(answer, answer.asSlice(8))), "asking for free memory");
    return answer.get(JAVA_LONG, 0);
  }

  /** The device's pool, set to keep what is given back. */
  long pool(int device) {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) defaultPool.invokeExact(answer, device)), "asking for the memory pool");
    long pool = answer.get(JAVA_LONG, 0);
    answer.set(JAVA_LONG, 0, -1);
    check(run(() -> (int) poolAttribute.invokeExact(pool, RELEASE_THRESHOLD, answer)), "setting up the memory pool");
    return pool;
  }

  void trim(long pool) {
    run(() -> (int) trimPool.invokeExact(pool, 0L));
  }

  /** An address, or 0 if there is no memory left. */
  long allocate(long bytes, long stream) {
    MemorySegment answer = frame().answer;
    int code = run(() -> (int) allocate.invokeExact(answer, bytes, stream));
    if (code == OUT_OF_MEMORY) {
      return 0;
    }
    check(code, "allocating " + bytes + " bytes");
    return answer.get(JAVA_LONG, 0);
  }

  int free(long address, long stream) {
    return run(() -> (int) free.invokeExact(address, stream));
  }

  /** Host memory that the device reads and writes by itself. */
  MemorySegment pinned(long bytes) {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) hostAllocate.invokeExact(answer, bytes, 0)), "pinning " + bytes + " bytes of host memory");
    return answer.get(ADDRESS, 0).reinterpret(bytes);
  }

  void unpin(MemorySegment memory) {
    run(() -> (int) hostFree.invokeExact(memory));
  }

  void toDevice(long target, MemorySegment source, long bytes, long stream) {
    check(run(() -> (int) toDevice.invokeExact(target, source, bytes, stream)), "copying to the device");
  }

  void toHost(MemorySegment target, long source, long bytes, long stream) {
    check(run(() -> (int) toHost.invokeExact(target, source, bytes, stream)), "copying from the device");
  }

  void onDevice(long target, long source, long bytes, long stream) {
    check(run(() -> (int) onDevice.invokeExact(target, source, bytes, stream)), "copying on the device");
  }

  void set32(long target, int value, long count, long stream) {
    check(run(() -> (int) set32.invokeExact(target, value, count, stream)), "filling device memory");
  }

  /** A stream that does not wait for the legacy default stream. */
  long createStream() {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) streamCreate.invokeExact(answer, 1)), "making a stream");
    return answer.get(JAVA_LONG, 0);
  }

  void destroyStream(long stream) {
    run(() -> (int) streamDestroy.invokeExact(stream));
  }

  /** Waits; errors of kernels that ran before are found here. */
  void synchronize(long stream) {
    check(run(() -> (int) streamSynchronize.invokeExact(stream)), "waiting for earlier kernels");
  }

  /** An event without time stamps. */
  long createEvent() {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) eventCreate.invokeExact(answer, 2)), "making an event");
    return answer.get(JAVA_LONG, 0);
  }

  void destroyEvent(long event) {
    run(() -> (int) eventDestroy.invokeExact(event));
  }

  void record(long event, long stream) {
    check(run(() -> (int) eventRecord.invokeExact(event, stream)), "recording an event");
  }

  void await(long event) {
    check(run(() -> (int) eventSynchronize.invokeExact(event)), "waiting for a copy");
  }

  long loadModule(MemorySegment image) {
    MemorySegment answer = frame().answer;
    check(run(() -> (int) moduleLoad.invokeExact(answer, image)), "loading the kernels");
    return answer.get(JAVA_LONG, 0);
  }

  void unloadModule(long module) {
    run(() -> (int) moduleUnload.invokeExact(module));
  }

  /** A kernel's handle, 0 if the module has none of this name. */
  long function(long module, String name) {
    MemorySegment answer = frame().answer;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      int code = run(() -> (int) moduleFunction.invokeExact(answer, module, text));
      if (code == NOT_FOUND) {
        return 0;
      }
      check(code, "looking for the kernel " + name);
      return answer.get(JAVA_LONG, 0);
    }
  }

  void allowShared(long function, int bytes) {
    check(run(() -> (int) functionAttribute.invokeExact(function, DYNAMIC_SHARED, bytes)),
        "asking for " + bytes + " bytes of shared memory");
  }

  int launch(long function, int x, int y, int z, int threads, int shared, long stream, MemorySegment arguments) {
    try {
      return (int) launch.invokeExact(
          function, x, y, z, threads, 1, 1, shared, stream, arguments, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** True if the driver keeps launches as graphs (CUDA 11.4 and later). */
  boolean hasGraphs() {
    return graphInstantiate != null && captureBegin != null && captureEnd != null && graphLaunch != null
        && graphDestroy != null && graphExecDestroy != null;
  }

  private static MethodHandle there(@Nullable MethodHandle handle) {
    return Objects.requireNonNull(handle, "asked without hasGraphs()");
  }

  /** From now on what this thread puts on the stream is kept instead of done. */
  void beginCapture(long stream) {
    MethodHandle begin = there(captureBegin);
    check(run(() -> (int) begin.invokeExact(stream, CAPTURE_OF_THREAD)), "beginning a graph");
  }

  /**
   * Ends it.
   *
   * @param wanted false to forget what was kept
   * @return what can be launched, 0 if it is not wanted
   */
  long endCapture(long stream, boolean wanted) {
    MethodHandle end = there(captureEnd);
    MethodHandle instantiate = there(graphInstantiate);
    MethodHandle destroy = there(graphDestroy);
    MemorySegment answer = frame().answer;
    int code = run(() -> (int) end.invokeExact(stream, answer));
    long graph = answer.get(JAVA_LONG, 0);
    if (!wanted) {
      if (code == SUCCESS && graph != 0) {
        run(() -> (int) destroy.invokeExact(graph));
      }
      return 0;
    }
    check(code, "ending a graph");
    int made = run(() -> (int) instantiate.invokeExact(answer, graph, 0L));
    long executable = answer.get(JAVA_LONG, 0);
    run(() -> (int) destroy.invokeExact(graph));
    check(made, "making a graph executable");
    return executable;
  }

  void launchGraph(long graph, long stream) {
    MethodHandle go = there(graphLaunch);
    check(run(() -> (int) go.invokeExact(graph, stream)), "launching a graph");
  }

  /** Gives memory of graphs that do not run back to the device. */
  void trimGraphs(int device) {
    MethodHandle trim = graphTrim;
    if (trim != null) {
      run(() -> (int) trim.invokeExact(device));
    }
  }

  void destroyGraph(long graph) {
    MethodHandle destroy = there(graphExecDestroy);
    run(() -> (int) destroy.invokeExact(graph));
  }

  /** Throws if the code is none of success. */
  void check(int code, String doing) {
    if (code != SUCCESS) {
      throw failure(code, doing);
    }
  }

  DeviceException failure(int code, String doing) {
    return new DeviceException("CUDA failed at " + doing + ": " + explain(code)
        + ". After a failed kernel the device's context is lost: close the backend and open the device again.");
  }

  /** {@code CUDA_ERROR_LAUNCH_FAILED (719, unspecified launch failure)}. */
  String explain(int code) {
    return text(errorName, code) + " (" + code + ", " + text(errorText, code) + ")";
  }

  private String text(MethodHandle function, int code) {
    MemorySegment answer = frame().answer;
    int found = run(() -> (int) function.invokeExact(code, answer));
    MemorySegment text = found == SUCCESS ? answer.get(ADDRESS, 0) : MemorySegment.NULL;
    return text.address() == 0 ? "unknown error" : text.reinterpret(Long.MAX_VALUE).getString(0);
  }
}

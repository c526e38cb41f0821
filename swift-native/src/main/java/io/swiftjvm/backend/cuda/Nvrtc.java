package io.swiftjvm.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
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
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * NVIDIA's compiler as a library ({@code nvrtc.h}): makes PTX of the sources for the device at hand, where the library
 * was built without nvcc or the driver is older than what nvcc made.
 */
final class Nvrtc {
  /** Names another library than the system's: for tests and unusual places. */
  static final String PROPERTY = "swift.nvrtc.path";
  private static final NvidiaLibrary.Wanted WANTED = new NvidiaLibrary.Wanted("NVRTC, which compiles the kernels for this device,",
      PROPERTY, List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"), List.of("cu13/lib", "cuda_nvrtc/lib"),
      ". Install the CUDA toolkit's nvrtc, or use a library that was built with nvcc.",
      // Without its builtins loaded first, NVRTC finds them only on the library path and fails without a log.
      "libnvrtc-builtins.so*");

  private final SymbolLookup library;

  private Nvrtc(SymbolLookup library) {
    this.library = library;
  }

  /**
   * PTX, with a zero byte at its end.
   *
   * @param capability 90 for sm_90
   * @throws DeviceException if there is no NVRTC, or it does not compile the text: with its log
   */
  static byte[] compile(String source, int capability) {
    return new Nvrtc(NvidiaLibrary.find(WANTED, NvidiaLibrary.folders(WANTED)).symbols()).run(source, capability);
  }

  private byte[] run(String source, int capability) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ADDRESS);
      check((int) find("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS).invokeExact(handle,
          arena.allocateFrom(source), arena.allocateFrom("swift.cu"), 0, MemorySegment.NULL, MemorySegment.NULL), "");
      MemorySegment program = handle.get(ADDRESS, 0);
      List<String> options = List.of("--gpu-architecture=compute_" + capability, "--std=c++17");
      MemorySegment list = arena.allocate(ADDRESS, options.size());
      for (int i = 0; i < options.size(); i++) {
        list.setAtIndex(ADDRESS, i, arena.allocateFrom(options.get(i)));
      }
      try {
        int code = (int) find("nvrtcCompileProgram", ADDRESS, JAVA_INT, ADDRESS)
            .invokeExact(program, options.size(), list);
        check(code, code == 0 ? ""
            : ": " + new String(text(arena, program, "nvrtcGetProgramLog"), StandardCharsets.UTF_8).trim());
        return text(arena, program, "nvrtcGetPTX");
      } finally {
        check((int) find("nvrtcDestroyProgram", ADDRESS).invokeExact(handle), "");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private byte[] text(Arena arena, MemorySegment program, String function) throws Throwable {
    MemorySegment size = arena.allocate(JAVA_LONG);
    check((int) find(function + "Size", ADDRESS, ADDRESS).invokeExact(program, size), "");
    MemorySegment text = arena.allocate(Math.max(1, size.get(JAVA_LONG, 0)));
    check((int) find(function, ADDRESS, ADDRESS).invokeExact(program, text), "");
    return text.toArray(JAVA_BYTE);
  }

  private MethodHandle find(String name, MemoryLayout... arguments) {
    MemorySegment symbol = library.find(name).orElseThrow(() -> new DeviceException("NVRTC has no function " + name));
    return Linker.nativeLinker().downcallHandle(symbol, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static void check(int code, String log) {
    if (code != 0) {
      throw new DeviceException("NVRTC does not compile the kernels (code " + code + ")" + log);
    }
  }
}

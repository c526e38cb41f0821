package io.swiftjvm.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.swiftjvm.error.DeviceException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * NVIDIA's compiler as a library ({@code nvrtc.h}): makes PTX of the sources for the device at hand, where the library
 * was built without nvcc or the driver is older than what nvcc made. Tensor cores need headers that it lacks.
 */
final class Nvrtc {
  /** Names another library than the system's: for tests and unusual places. */
  static final String PROPERTY = "swift.nvrtc.path";
  private static final List<String> NAMES = List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so");
  private static final List<Path> FOLDERS = List.of(Path.of("/usr/local/cuda/lib64"), Path.of("/opt/cuda/lib64"));

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
    return find().run(source, capability);
  }

  private static Nvrtc find() {
    String path = System.getProperty(PROPERTY);
    if (path != null) {
      return new Nvrtc(open(Path.of(path)));
    }
    List<String> tried = new ArrayList<>(NAMES);
    for (String name : NAMES) {
      try {
        return new Nvrtc(SymbolLookup.libraryLookup(name, Arena.global()));
      } catch (IllegalArgumentException e) {
        // The next name, then the folders.
      }
    }
    for (Path folder : FOLDERS) {
      for (String name : NAMES) {
        Path file = folder.resolve(name);
        tried.add(file.toString());
        if (Files.exists(file)) {
          return new Nvrtc(open(file));
        }
      }
    }
    throw new DeviceException("NVRTC, which compiles the kernels for this device, was not found (tried "
        + String.join(", ", tried) + "). Install the CUDA toolkit's nvrtc, or use a library that was built with nvcc.");
  }

  /** Without its builtins loaded first, NVRTC finds them only on the library path and fails without a log. */
  private static SymbolLookup open(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    try {
      if (folder != null) {
        try (DirectoryStream<Path> builtins = Files.newDirectoryStream(folder, "libnvrtc-builtins.so*")) {
          for (Path b : builtins) {
            SymbolLookup.libraryLookup(b, Arena.global());
          }
        }
      }
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IOException | IllegalArgumentException e) {
      throw new DeviceException("NVRTC at " + file + " does not load: " + e.getMessage(), e);
    }
  }

  private byte[] run(String source, int capability) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ADDRESS);
      check((int) find("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS).invokeExact(handle,
          arena.allocateFrom(source), arena.allocateFrom("swift.cu"), 0, MemorySegment.NULL, MemorySegment.NULL), "");
      MemorySegment program = handle.get(ADDRESS, 0);
      List<String> options =
          List.of("--gpu-architecture=compute_" + capability, "--std=c++17", "-DSWIFT_NO_TENSOR_CORES");
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

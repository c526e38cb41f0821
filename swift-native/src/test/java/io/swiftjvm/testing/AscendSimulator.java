package io.swiftjvm.testing;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.ascend.AscendProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code aclsim.c}, compiled when it is first needed, as the device {@code npusim}. */
public final class AscendSimulator implements BackendProvider {
  /** The name to ask for. */
  public static final String KIND = "npusim";

  /** Compiled once in a process, if there is a compiler. */
  private static final class Library {
    static final SymbolLookup SYMBOLS = compile();

    private static SymbolLookup compile() {
      Path library = TestLibrary.compile("aclsim.c");
      try {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        Files.delete(library);
        Files.delete(library.getParent());
        return symbols;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Whether it can be compiled here. */
  public static boolean present() {
    return TestLibrary.possible();
  }

  /** A provider of simulated cards. */
  public static AscendProvider provider() {
    return new AscendProvider(KIND, Library.SYMBOLS);
  }

  /** Makes the next call of a function fail with this code. */
  public static void fail(String function, int code) throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      handle("aclsim_fail", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
          .invoke(arena.allocateFrom(function), code);
    }
  }

  /** The number of cards. */
  public static void devices(int n) throws Throwable {
    handle("aclsim_devices", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT)).invoke(n);
  }

  /** Bytes of a card. */
  public static void memory(long bytes) throws Throwable {
    handle("aclsim_memory", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG)).invoke(bytes);
  }

  /** How many handles, blocks or launches ({@code aclsim_handles} ..) there are. */
  public static long count(String function) throws Throwable {
    return (long) handle(function, FunctionDescriptor.of(ValueLayout.JAVA_LONG)).invoke();
  }

  private static MethodHandle handle(String name, FunctionDescriptor type) {
    MemorySegment at = Library.SYMBOLS.find(name).orElseThrow();
    return Linker.nativeLinker().downcallHandle(at, type);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public List<DeviceInfo> devices() {
    return present() ? provider().devices()
        : List.of(DeviceInfo.absent(KIND, "no gcc to compile the simulator", "Install gcc."));
  }

  @Override
  public Backend open(int index) {
    return provider().open(index);
  }
}

package io.swiftjvm.backend.ascend;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Calls of CANN's C interface. A function is found when it is first called; its signature is given in letters: a
 * address,
 * i int32, l int64, b int8, z bool, d double; the result, where there is one, is an int32 code of which 0 is success.
 */
final class Acl {
  /** Codes of the runtime: not enough device memory; a second initialisation in one process. */
  static final int NO_MEMORY = 207001;
  static final int REPEATED = 100002;

  /** Libraries of a CANN installation; {@code aclCreateTensor} is in the second. */
  private static final String[] LIBRARIES = {"libascendcl.so", "libnnopbase.so", "libopapi.so"};

  private final SymbolLookup symbols;
  private final Map<String, MethodHandle> handles = new ConcurrentHashMap<>();

  Acl(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /**
   * The libraries of this machine.
   *
   * @throws IllegalArgumentException naming the one that does not load
   */
  static Acl load() {
    SymbolLookup all = SymbolLookup.libraryLookup(LIBRARIES[0], Arena.global());
    for (int i = 1; i < LIBRARIES.length; i++) {
      all = all.or(SymbolLookup.libraryLookup(LIBRARIES[i], Arena.global()));
    }
    return new Acl(all);
  }

  /** Calls a function and returns its code. */
  int code(String function, String signature, Object... arguments) {
    return (int) invoke(function, signature, JAVA_INT, arguments);
  }

  /** Calls a function whose code must be 0. */
  void call(String function, String signature, Object... arguments) {
    check(function, code(function, signature, arguments));
  }

  /** Calls a function that makes a handle. */
  MemorySegment make(String function, String signature, Object... arguments) {
    MemorySegment made = (MemorySegment) invoke(function, signature, ADDRESS, arguments);
    if (made.address() == 0) {
      throw new DeviceException(function + " gave no handle" + recent());
    }
    return made;
  }

  void check(String function, int code) {
    if (code != 0) {
      throw new DeviceException(function + " failed with code " + code + recent()
          + ". The codes are in CANN's documentation under aclError; the device's log says more.");
    }
  }

  /** Calls a function without arguments that returns text; empty if it returns none. */
  String text(String function) {
    MemorySegment text = (MemorySegment) invoke(function, "", ADDRESS);
    return text.address() == 0 ? "" : text.reinterpret(Long.MAX_VALUE).getString(0);
  }

  private String recent() {
    String text = text("aclGetRecentErrMsg");
    return text.isEmpty() ? "" : ": " + text.strip();
  }

  private Object invoke(String function, String signature, MemoryLayout result, Object... arguments) {
    MethodHandle handle = handles.computeIfAbsent(function, name -> bind(name, signature, result));
    try {
      return handle.invokeWithArguments(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private MethodHandle bind(String name, String signature, MemoryLayout result) {
    MemorySegment at = find(name);
    if (at == null) {
      throw new DeviceException("CANN on this machine has no function '" + name + "'. Update CANN, or use another device.");
    }
    MemoryLayout[] layouts = signature.chars().mapToObj(Acl::layout).toArray(MemoryLayout[]::new);
    return Linker.nativeLinker().downcallHandle(at, FunctionDescriptor.of(result, layouts));
  }

  private @Nullable MemorySegment find(String name) {
    return symbols.find(name).orElse(null);
  }

  private static MemoryLayout layout(int letter) {
    return switch (letter) {
      case 'a' -> ADDRESS;
      case 'i' -> JAVA_INT;
      case 'l' -> JAVA_LONG;
      case 'b' -> JAVA_BYTE;
      case 'z' -> JAVA_BOOLEAN;
      case 'd' -> JAVA_DOUBLE;
      default -> throw new IllegalArgumentException("no such type: " + (char) letter);
    };
  }
}

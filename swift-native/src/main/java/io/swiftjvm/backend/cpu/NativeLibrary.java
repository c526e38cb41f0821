package io.swiftjvm.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds {@code libswiftk.so}: the file named by the system property {@code swift.native.path}, or the resource
 * {@code META-INF/native/<os>-<arch>/libswiftk.so}, which is copied to a temporary file to be loaded.
 */
final class NativeLibrary {
  private static final Logger LOG = System.getLogger(NativeLibrary.class.getName());
  private static final NativeLibrary FOUND = find();

  private final @Nullable SymbolLookup symbols;
  private final String reason;

  private NativeLibrary(@Nullable SymbolLookup symbols, String reason) {
    this.symbols = symbols;
    this.reason = reason;
  }

  /** What was found when it was first needed. */
  static NativeLibrary found() {
    return FOUND;
  }

  /** The library's functions, or null. */
  @Nullable SymbolLookup symbols() {
    return symbols;
  }

  /** Where the library came from, or why there is none. */
  String reason() {
    return reason;
  }

  private static NativeLibrary find() {
    NativeLibrary library = load();
    LOG.log(library.symbols == null ? Level.INFO : Level.DEBUG, "native kernels: {0}", library.reason);
    return library;
  }

  private static NativeLibrary load() {
    String path = System.getProperty("swift.native.path");
    String resource = "META-INF/native/" + platform() + "/libswiftk.so";
    try {
      if (path != null) {
        return new NativeLibrary(SymbolLookup.libraryLookup(Path.of(path), Arena.global()), path);
      }
      try (InputStream in = NativeLibrary.class.getClassLoader().getResourceAsStream(resource)) {
        if (in == null) {
          return new NativeLibrary(null, "no native library for " + platform() + " on the class path");
        }
        Path copy = Files.createTempFile("libswiftk", ".so");
        try {
          Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
          return new NativeLibrary(SymbolLookup.libraryLookup(copy, Arena.global()), resource);
        } finally {
          Files.deleteIfExists(copy);
        }
      }
    } catch (IllegalCallerException e) {
      return new NativeLibrary(null, "native access is denied; allow it with --enable-native-access");
    } catch (IOException | IllegalArgumentException | SecurityException e) {
      return new NativeLibrary(null, "the native library did not load: " + e.getMessage());
    }
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    return (os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os) + "-"
        + (arch.equals("amd64") ? "x86_64" : arch);
  }
}

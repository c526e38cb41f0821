package io.swiftjvm.backend.cuda;

import io.swiftjvm.error.DeviceException;
import io.swiftjvm.hub.Environment;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A library of NVIDIA's that is not part of the driver, found where people have it: the system's search path, Java's
 * library path, a CUDA toolkit, Python's wheels, a jar of bytedeco's.
 *
 * @param symbols its functions
 * @param where its file, or its name where the system found it
 */
record NvidiaLibrary(SymbolLookup symbols, String where) {
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final String TOOLKIT = "lib64";

  /**
   * What is looked for.
   *
   * @param title for messages
   * @param property a system property that names its file, and then nothing else is tried
   * @param names of files, the newest first
   * @param wheels folders of {@code site-packages/nvidia} that have it
   * @param cure what to do where it is missing; empty if there is no need
   * @param before files of the same folder that must be loaded before it, null if it needs none
   */
  record Wanted(String title, String property, List<String> names, List<String> wheels, String cure, @Nullable String before) {}

  /**
   * Finds and loads it.
   *
   * @param folders where to look behind the system's own path
   * @throws DeviceException if it is nowhere, with all places, or does not load
   */
  static NvidiaLibrary find(Wanted wanted, List<Path> folders) {
    String path = System.getProperty(wanted.property);
    if (path != null) {
      return load(wanted, Path.of(path));
    }
    List<String> tried = new ArrayList<>(wanted.names);
    for (String name : wanted.names) {
      try {
        return new NvidiaLibrary(SymbolLookup.libraryLookup(name, Arena.global()), name);
      } catch (IllegalArgumentException e) {
        // The next name, then the folders.
      }
    }
    for (Path folder : folders) {
      tried.add(folder.toString());
      for (String name : wanted.names) {
        if (Files.exists(folder.resolve(name))) {
          return load(wanted, folder.resolve(name));
        }
      }
    }
    NvidiaLibrary packed = wanted.before == null ? fromJar(wanted) : null;
    if (packed != null) {
      return packed;
    }
    throw new DeviceException(wanted.title + " was not found (tried " + String.join(", ", tried) + ")" + wanted.cure);
  }

  /** The folders of this machine: the library path, toolkits, wheels. */
  static List<Path> folders(Wanted wanted) {
    List<Path> folders = new ArrayList<>();
    for (String entry : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
      if (!entry.isBlank()) {
        folders.add(Path.of(entry));
      }
    }
    folders.add(Path.of("/usr/local/cuda", TOOLKIT));
    matching(Path.of("/usr/local"), "cuda-*").forEach(toolkit -> folders.add(toolkit.resolve(TOOLKIT)));
    folders.add(Path.of("/opt/cuda", TOOLKIT));
    List<Path> roots = new ArrayList<>(Environment.system().pythonRoots());
    roots.add(Path.of("/usr/local"));
    roots.add(Path.of("/usr"));
    for (Path root : roots) {
      for (Path python : matching(root.resolve("lib"), "python3*")) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          wanted.wheels.forEach(wheel -> folders.add(python.resolve(packages).resolve("nvidia").resolve(wheel)));
        }
      }
    }
    return folders.stream().filter(Files::isDirectory).toList();
  }

  /** Entries of a folder, the newest version first. */
  private static List<Path> matching(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
      entries.forEach(found::add);
    } catch (IOException e) {
      // A folder that is not there, or not ours to read, has nothing.
    }
    return found.stream().sorted(Comparator.comparing(NvidiaLibrary::byVersion).reversed()).toList();
  }

  /** A name whose numbers are compared as such: cuda-9 is older than cuda-12. */
  private static String byVersion(Path path) {
    return NUMBER.matcher(path.toString()).replaceAll(number -> "0".repeat(Math.max(0, 9 - number.group().length())) + number.group());
  }

  private static NvidiaLibrary load(Wanted wanted, Path file) {
    Path folder = file.toAbsolutePath().getParent();
    try {
      if (folder != null && wanted.before != null) {
        for (Path first : matching(folder, wanted.before)) {
          SymbolLookup.libraryLookup(first, Arena.global());
        }
      }
      return new NvidiaLibrary(SymbolLookup.libraryLookup(file, Arena.global()), file.toString());
    } catch (IllegalArgumentException e) {
      throw new DeviceException(wanted.title + " at " + file + " does not load: " + e.getMessage(), e);
    }
  }

  /** From {@code org.bytedeco:cuda:..:linux-x86_64-redist} or its like on the class path. */
  private static @Nullable NvidiaLibrary fromJar(Wanted wanted) {
    String platform = System.getProperty("os.arch").equals("aarch64") ? "linux-arm64" : "linux-x86_64";
    for (String resource : wanted.names.stream().flatMap(
        name -> Stream.of("cuda", "cublas").map(part -> "org/bytedeco/" + part + "/" + platform + "/" + name)).toList()) {
      try (InputStream in = NvidiaLibrary.class.getClassLoader().getResourceAsStream(resource)) {
        if (in != null) {
          Path copy = Files.createTempFile("swift-nvidia", ".so");
          try {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            return new NvidiaLibrary(load(wanted, copy).symbols, resource + " on the class path");
          } finally {
            // Once loaded it needs no name any more.
            Files.delete(copy);
          }
        }
      } catch (IOException e) {
        throw new DeviceException(wanted.title + " on the class path (" + resource + ") cannot be unpacked", e);
      }
    }
    return null;
  }
}

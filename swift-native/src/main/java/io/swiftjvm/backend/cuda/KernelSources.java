package io.swiftjvm.backend.cuda;

import io.swiftjvm.error.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The kernels as they lie in the library: machine code by nvcc where that was at hand, and always the sources. */
final class KernelSources {
  private static final String FOLDER = "META-INF/cuda/";

  private KernelSources() {}

  /** Code for sm_80, 86, 89, 90 and 100 and PTX for later ones; null if the library was built without nvcc. */
  static byte @Nullable [] fatbin() {
    return read("swift.fatbin");
  }

  /** All sources as one text, each included file in its place. */
  static String text() {
    StringBuilder text = new StringBuilder();
    include("swift.cu", text, new HashSet<>());
    return text.toString();
  }

  private static void include(String name, StringBuilder text, Set<String> seen) {
    if (!seen.add(name)) {
      return;
    }
    byte[] bytes = read(name);
    if (bytes == null) {
      throw new DeviceException("The CUDA kernels are not in the library: " + FOLDER + name
          + " is missing. Build with Maven, which puts them there.");
    }
    for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
      if (line.startsWith("#include \"")) {
        include(line.substring(10, line.lastIndexOf('"')), text, seen);
      } else {
        text.append(line).append('\n');
      }
    }
  }

  private static byte @Nullable [] read(String name) {
    try (InputStream in = KernelSources.class.getClassLoader().getResourceAsStream(FOLDER + name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new DeviceException("The CUDA kernels cannot be read: " + FOLDER + name, e);
    }
  }
}

package io.swiftjvm.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A C file of {@code src/test/c} that stands for a library that is not on this machine. */
public final class TestLibrary {
  private TestLibrary() {}

  /** Whether there is a compiler. */
  public static boolean possible() {
    for (String folder : System.getenv("PATH").split(":")) {
      if (Files.isExecutable(Path.of(folder, "gcc"))) {
        return true;
      }
    }
    return false;
  }

  /** The compiled file in a folder of its own; to be deleted by the caller once it is loaded. */
  public static Path compile(String name) {
    Path source = OracleFiles.path("../../c/" + name);
    try {
      Path library = Files.createTempDirectory("swift-test").resolve("lib" + name.replace(".c", ".so"));
      Process gcc = new ProcessBuilder("gcc", "-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-o",
          library.toString(), source.toString(), "-lm").inheritIO().start();
      if (!gcc.waitFor(60, TimeUnit.SECONDS) || gcc.exitValue() != 0) {
        throw new IllegalStateException("gcc did not compile " + source);
      }
      return library;
    } catch (IOException e) {
      throw new IllegalStateException("no gcc for " + source, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}

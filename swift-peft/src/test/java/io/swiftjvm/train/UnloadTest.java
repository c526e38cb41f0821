package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The library behind a class loader of its own, as in an application that is taken down while the JVM lives on. The JDK
 * itself keeps soft references to classes of records and method handles; in the JVM of this test they are given up at
 * once, elsewhere when memory runs short.
 */
class UnloadTest {
  @TempDir
  Path temp;

  /** What the application does. */
  public static final class Guest implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      Path out = Files.createTempDirectory(Path.of(System.getProperty("guest.folder")), "guest");
      return TinyRun.run(TinyRun.SPEC.checkpoint(c -> c.outputDir(out)), 2, out.resolve("adapter"), job -> job).steps();
    }
  }

  /** The JVM around it; ends with 0 if everything was unloaded. */
  static final class Host {
    private Host() {}

    public static void main(String[] args) throws Exception {
      WeakReference<ClassLoader> loader = guest(args[0]);
      for (int i = 0; i < 100 && loader.get() != null; i++) {
        System.gc();
        Thread.sleep(100);
      }
      System.exit(loader.get() == null ? 0 : 3);
    }

    private static WeakReference<ClassLoader> guest(String path) throws Exception {
      List<URL> urls = new ArrayList<>();
      for (String entry : path.split(File.pathSeparator)) {
        if (entry.endsWith("*")) {
          try (var jars = Files.newDirectoryStream(Path.of(entry.substring(0, entry.length() - 1)), "*.jar")) {
            for (Path jar : jars) {
              urls.add(jar.toUri().toURL());
            }
          }
        } else {
          urls.add(Path.of(entry).toUri().toURL());
        }
      }
      URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
      Thread thread = new Thread(() -> {
        try {
          Callable<?> guest = (Callable<?>) loader.loadClass(Guest.class.getName()).getConstructor().newInstance();
          if (!Integer.valueOf(2).equals(guest.call())) {
            System.exit(4);
          }
        } catch (Exception e) {
          e.printStackTrace();
          System.exit(5);
        }
      });
      thread.setContextClassLoader(loader);
      thread.start();
      thread.join();
      loader.close();
      return new WeakReference<>(loader);
    }
  }

  @Test
  void an_application_that_is_taken_down_takes_all_classes_of_the_library_with_it() throws Exception {
    Path log = temp.resolve("host.log");
    String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process host = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:SoftRefLRUPolicyMSPerMB=0", "-Dguest.folder=" + temp, "--enable-native-access=ALL-UNNAMED", "-cp", path, Host.class.getName(), path)
        .redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(host.waitFor(2, TimeUnit.MINUTES)).as(Files.readString(log)).isTrue();
      assertThat(host.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      host.destroyForcibly();
    }
  }
}

package io.swiftjvm.parallel;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory of this machine, or of the container that the process is in. */
public final class HostMemory {
  private static final Path FACTS = Path.of("/proc/meminfo");

  private HostMemory() {}

  /** Bytes that a program can still have: free ones, and what the system gives back when it is asked. */
  public static long available() {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)) {
      return Long.MAX_VALUE;
    }
    long total = fact("MemTotal");
    // In a container the bean knows its limit, which /proc does not.
    boolean limited = total > 0 && system.getTotalMemorySize() < total / 100 * 99;
    long available = fact("MemAvailable");
    return limited || available == 0 ? system.getFreeMemorySize() : available;
  }

  private static long fact(String name) {
    try {
      if (Files.isReadable(FACTS)) {
        for (String line : Files.readAllLines(FACTS)) {
          if (line.startsWith(name + ":")) {
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
          }
        }
      }
    } catch (IOException e) {
      System.getLogger(HostMemory.class.getName()).log(System.Logger.Level.DEBUG, "no " + name, e);
    }
    return 0;
  }
}

package io.swiftjvm.bench;

import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.infer.Completion;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * Milliseconds from the start of the JVM to the first token of an answer, and the Java heap then.
 *
 * <pre>java -cp ... io.swiftjvm.bench.StartBench MODEL_DIR|swift-tiny</pre>
 */
public final class StartBench {
  private StartBench() {}

  /** Argument: a model. */
  public static void main(String[] args) {
    try (Run run = Swift.model(args[0]).sampling(s -> s.maxTokens(1)).load()) {
      Completion answer = run.chat("Who are you?");
      long millis = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      System.out.printf(Locale.ROOT, "{\"model\":\"%s\",\"tokens\":%d,\"first_token_ms\":%d,\"heap_mib\":%d}%n", args[0],
          answer.tokens().size(), millis, heap >> 20);
    }
  }
}

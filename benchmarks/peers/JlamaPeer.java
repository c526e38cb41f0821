import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Jlama's prompt and decode speed with 4-bit weights and 8-bit activations on one thread, by processor time: a line of JSON
 * for each round, the first ones still warming up. Run by {@code jlama.sh}; no part of the build.
 */
final class JlamaPeer {
  private static final int PROMPT = 512;
  private static final int ANSWER = 32;

  public static void main(String[] args) throws Exception {
    AbstractModel model = ModelSupport.loadModel(
        new File(args[0]), null, DType.F32, DType.I8, Optional.empty(), Optional.of(1));
    String text = "abcdefghijklmnopqrst".repeat(PROMPT / 20 + 1).substring(0, PROMPT - 2);
    for (int round = 0; round < Integer.parseInt(args[1]); round++) {
      long[] times = new long[ANSWER + 1];
      int[] count = {0};
      long start = processor();
      var answer = model.generate(UUID.randomUUID(), PromptContext.of(text), 0f, PROMPT + ANSWER, (token, score) -> {
        if (count[0] < times.length) {
          times[count[0]++] = processor();
        }
      });
      int last = count[0] - 1;
      System.out.printf(Locale.ROOT, "{\"peer\":\"jlama\",\"type\":\"int4\",\"prompt\":%.1f,\"decode\":%.2f}%n",
          answer.promptTokens * 1e9 / (times[0] - start), last * 1e9 / (times[last] - times[0]));
    }
    System.exit(0);
  }

  private static long processor() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }
}

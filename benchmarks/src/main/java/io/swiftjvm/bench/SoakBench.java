package io.swiftjvm.bench;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.LoraAdapter;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Trains and generates in turns, thousands of times, and prints the resident memory of the process: it must stay flat.
 *
 * <pre>java -cp ... io.swiftjvm.bench.SoakBench MODEL_DIR [CYCLES]</pre>
 */
public final class SoakBench {
  private static final int ROW = 16;
  private static final int ANSWER = 8;

  private SoakBench() {}

  /** Arguments: a model folder, the number of cycles (default 10,000). */
  public static void main(String[] args) {
    int cycles = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
    int[] ids = IntStream.range(5, 5 + ROW).toArray();
    int[] labels = IntStream.range(0, ROW).map(i -> i + 1 < ROW ? ids[i + 1] : -100).toArray();
    Batch batch = new Batch(ids, IntStream.range(0, ROW).toArray(), new int[] {0, ROW}, labels, null);
    long started = System.nanoTime();
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Path.of(args[0]), backend)) {
      LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT.rank(4), 1).attach(model);
      Engine engine = new Engine(model);
      GenerateRequest request = GenerateRequest.of(ids).sampling(SamplingParams.GREEDY.maxTokens(ANSWER).ignoreEos(true));
      BatchSource data = BatchSource.cycle(List.of(List.of(batch)), cycles, "soak");
      TrainJob.of(TrainedWeights.of(adapter, "soak"), TrainSpec.DEFAULT, data).listener(event -> {
        if (event instanceof TrainEvent.StepEnd end) {
          engine.generate(request);
          if (end.step() % Math.max(1, cycles / 10) == 0) {
            System.out.printf("cycle %d: %.1f MiB resident, loss %.4f, %.0f s%n", end.step(),
                end.memoryBytes() / 1048576.0, end.loss(), (System.nanoTime() - started) / 1e9);
          }
        }
      }).run();
    }
  }
}

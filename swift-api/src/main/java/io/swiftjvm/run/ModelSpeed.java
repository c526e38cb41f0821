package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Tokens a second of a model on its device: LoRA steps on rows of random ids, and an answer decoded alone.
 *
 * @param lora trained tokens a second, the first step left out
 * @param decode tokens a second of one answer
 */
public record ModelSpeed(double lora, double decode) {
  private static final int PROMPT = 16;
  private static final int ANSWER = 32;
  private static final int SHORT = 2;

  /**
   * Measures the model of {@code settings} on their device.
   *
   * @param tokens of a training step, 2 or more
   * @param steps measured, 1 or more; one goes before
   */
  public static ModelSpeed measure(Settings settings, int tokens, int steps) {
    try (LoadedModel loaded = LoadedModel.open(settings)) {
      Engine engine = new Engine(loaded.model());
      answer(engine, SHORT);
      double decode = (ANSWER - SHORT) / Math.max(1e-9, answer(engine, ANSWER) - answer(engine, SHORT));
      return new ModelSpeed(lora(loaded, tokens, steps), decode);
    }
  }

  private static double answer(Engine engine, int tokens) {
    long start = System.nanoTime();
    engine.generate(List.of(GenerateRequest.of(IntStream.range(5, 5 + PROMPT).toArray())
        .sampling(SamplingParams.GREEDY.maxTokens(tokens).ignoreEos(true))));
    return (System.nanoTime() - start) / 1e9;
  }

  private static double lora(LoadedModel loaded, int tokens, int steps) {
    int vocabulary = Math.toIntExact(loaded.model().config().vocabSize());
    int[] ids = new SplittableRandom(1).ints(tokens, 0, vocabulary).toArray();
    int[] labels = IntStream.range(0, tokens).map(i -> i + 1 < tokens ? ids[i + 1] : -100).toArray();
    Batch batch = new Batch(
        ids, IntStream.range(0, tokens).toArray(), new int[] {0, tokens}, labels, null, Collections.emptyList());
    List<Double> seconds = new ArrayList<>();
    TrainJob.of(TrainedWeights.of(new LoraTransform(LoraSpec.DEFAULT, 1).attach(loaded.model()), "base"),
        TrainSpec.DEFAULT, BatchSource.cycle(List.of(List.of(batch)), steps + 1, "speed")).listener(event -> {
          if (event instanceof TrainEvent.StepEnd end) {
            seconds.add(end.tokens() / end.tokensPerSecond());
          }
        }).run();
    return tokens * (double) steps
        / seconds.subList(1, seconds.size()).stream().mapToDouble(Double::doubleValue).sum();
  }
}

package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Recorder;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.PassInputs;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The inner step of decoding: a recorded pass done again, and a token of each text chosen from its logits. */
@Timeout(120)
class DecodeHeapTest {
  private static final int ROUNDS = 20;
  private static final int STEPS = 100;

  @ParameterizedTest
  @CsvSource({"1, 1, true", "1, 8, true", "2, 1, true", "2, 8, true", "1, 1, false", "1, 8, false", "2, 8, false"})
  void a_step_takes_nothing_of_the_java_heap(int threads, int texts, boolean greedy) {
    try (Backend backend = Devices.cpu(threads);
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend);
        KvCache cache = new KvCache(backend, texts, 64)) {
      int[] slots = IntStream.range(0, texts).map(i -> cache.acquire()).toArray();
      int[] ones = new int[texts];
      Arrays.fill(ones, 1);
      int[] ids = IntStream.range(5, 5 + texts).toArray();
      try (StepReplays.Recorded recorded = record(model, backend, cache.step(slots, ones), ids)) {
        Sampler sampler = sampler();
        TokenHistory history = new TokenHistory(5, 6, 7);
        float[] scores = new float[model.config().vocabSize()];
        MemorySegment row = MemorySegment.ofArray(scores);
        long least = least(() -> {
          KvCache.Step step = cache.step(slots, ones);
          Tensor logits = recorded.run(ids, step.positions(), step.replayed());
          if (greedy) {
            recorded.best().of(backend, logits);
          } else {
            for (int i = 0; i < texts; i++) {
              logits.read(i * row.byteSize(), row);
              sampler.next(history, scores);
            }
          }
        });
        // in the interpreter too: nothing is left to the compiler's escape analysis
        assertThat(least).isLessThan(STEPS);
      }
    }
  }

  private static StepReplays.Recorded record(CausalLm model, Backend backend, KvCache.Step step, int[] ids) {
    Recorder recorder = new Recorder(backend, step.segments());
    Scope scope = new Scope(recorder);
    Scope room = new Scope(backend);
    PassInputs inputs = model.inputs(room, ids, step.positions());
    Pass pass = Pass.of(new Ops(recorder, null, scope), step);
    return new StepReplays.Recorded(recorder, scope, room, inputs, model.logits(pass, model.hidden(pass, inputs)));
  }

  private static Sampler sampler() {
    SamplingParams drawn = SamplingParams.GREEDY.temperature(0.8).topK(40).topP(0.9).minP(0.01);
    ScoreRoom room = new ScoreRoom();
    return new Sampler(LogitsProcessors.of(drawn, List.of(), room), false, 1, room);
  }

  /** Bytes of the caller that the cheapest round of steps took; in the others helpers may have come late. */
  private static long least(Runnable step) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < STEPS; i++) {
        step.run();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    return least;
  }
}

package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.tuner.AdapterFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The trainer against runs of ms-swift itself. Rows are encoded here by hand, by the rules of the collection's
 * README, so
 * that this tests the trainer alone.
 */
class MsSwiftRunsTest {
  private static final String RUNS = "swift_data/runs/";

  @TempDir
  Path temp;

  /** One encoded row: labels are shifted, weights belong to the labels. */
  private record Row(List<Integer> ids, List<Float> weights) {
    void add(int[] more, float weight) {
      for (int id : more) {
        ids.add(id);
        weights.add(weight);
      }
    }
  }

  @Test
  void plain() throws IOException {
    check("plain", TrainSpec.DEFAULT.optim(o -> o.learningRate(1e-3)), 1, 10, CausalLmObjective.SFT);
  }

  @Test
  void accumulation_warm_up_and_weights() throws IOException {
    check("accumulate_warmup_weights", TrainSpec.DEFAULT
        .optim(o -> o.learningRate(2e-3).weightDecay(0.05).maxGradNorm(5))
        .schedule(s -> s.type("linear").warmupRatio(0.2)), 2, 10, CausalLmObjective.SFT);
  }

  @Test
  void pre_training() throws IOException {
    check("pt", TrainSpec.DEFAULT.optim(o -> o.learningRate(1e-3)), 1, 5, CausalLmObjective.PT);
  }

  private void check(String run, TrainSpec spec, int accumulation, int steps, Objective objective) throws IOException {
    JsonNode log = Oracle.json(RUNS + "summary.json").path("runs").path(run).path("log_history");
    List<TrainEvent.StepEnd> ends = new ArrayList<>();
    try (Backend backend = Devices.cpu(); CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend)) {
      TrainedWeights weights =
          TrainedWeights.of(AdapterFiles.attach(model, Oracle.path(RUNS + "init"), "default", true), "model");
      TrainJob.of(weights, spec, data(run, accumulation, steps)).objective(objective).listener(event -> {
        if (event instanceof TrainEvent.StepEnd end) {
          ends.add(end);
        }
      }).run();
      assertThat(ends).hasSize(steps);
      for (int i = 0; i < steps; i++) {
        double loss = log.path(i).path("loss").doubleValue();
        double norm = log.path(i).path("grad_norm").doubleValue();
        assertThat(ends.get(i).loss()).as(run + " loss " + (i + 1)).isCloseTo(loss, within(2e-5 * loss));
        assertThat(ends.get(i).gradNorm()).as(run + " norm " + (i + 1)).isCloseTo(norm, within(2e-4 * norm));
        assertThat(ends.get(i).epoch()).isCloseTo(log.path(i).path("epoch").doubleValue(), within(1e-9));
        // ms-swift logs at step n the rate of step n+1.
        if (i > 0) {
          assertThat(ends.get(i).learningRate()).as(run + " rate " + (i + 1))
              .isCloseTo(log.path(i - 1).path("learning_rate").doubleValue(), within(1e-12));
        }
      }
      weights.save(temp);
    }
    Map<String, float[]> ours = Oracle.tensors(temp.resolve(AdapterFiles.WEIGHTS));
    Oracle.tensors(Oracle.path(RUNS + run + "/adapter_model.safetensors")).forEach((name, wanted) ->
        assertThat(Oracle.worst(ours.get(name), wanted)).as(name).isLessThan(1e-4));
  }

  private static BatchSource data(String run, int accumulation, int steps) throws IOException {
    List<Batch> batches = new ArrayList<>();
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(Oracle.path("models/qwen3"))) {
      List<Row> rows = new ArrayList<>();
      for (String line : Files.readAllLines(Oracle.path(RUNS + "train.jsonl"))) {
        JsonNode messages = new ObjectMapper().readTree(line).path("messages");
        rows.add(run.equals("pt") ? text(tokenizer, messages)
            : chat(tokenizer, messages, run.equals("accumulate_warmup_weights")));
      }
      for (int i = 0; i < rows.size(); i += 2) {
        batches.add(batch(rows.subList(i, i + 2)));
      }
    }
    List<List<Batch>> micro = new ArrayList<>();
    for (int i = 0; i < batches.size(); i += accumulation) {
      micro.add(batches.subList(i, i + accumulation));
    }
    BatchSource cycle = BatchSource.cycle(micro, steps, run);
    assertThat(cycle.step(0)).hasSize(accumulation);
    return cycle;
  }

  /** Without a template only the last round counts, and everything in it is trained. */
  private static Row text(Tokenizer tokenizer, JsonNode messages) {
    Row row = new Row(new ArrayList<>(), new ArrayList<>());
    int last = messages.size() - 1;
    row.add(tokenizer.encode(
        messages.path(last - 1).path("content").asText() + messages.path(last).path("content").asText(), false), 1);
    row.add(tokenizer.encode("<|im_end|>", false), 1);
    return row;
  }

  private static Row chat(Tokenizer tokenizer, JsonNode messages, boolean weighted) {
    Row row = new Row(new ArrayList<>(), new ArrayList<>());
    String prompt = "";
    for (JsonNode message : messages) {
      String content = message.path("content").asText();
      if (!message.path("role").asText().equals("assistant")) {
        prompt += "<|im_start|>" + message.path("role").asText() + "\n" + content + "<|im_end|>\n";
        continue;
      }
      // A weight of the message's own also covers the empty think block, which is untrained otherwise.
      float weight = (float) message.path("loss_scale").asDouble(0);
      String think = "<think>\n\n</think>\n\n";
      row.add(tokenizer.encode(prompt + "<|im_start|>assistant\n" + (weight == 0 ? think : ""), false), 0);
      row.add(tokenizer.encode(weight == 0 ? content : think + content, false), weighted && weight > 0 ? weight : 1);
      row.add(tokenizer.encode("<|im_end|>\n", false), 1);
      prompt = "";
    }
    return row;
  }

  private static Batch batch(List<Row> rows) {
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    List<Float> weights = new ArrayList<>();
    for (Row row : rows) {
      int n = row.ids().size();
      int[] shifted = new int[n];
      Arrays.fill(shifted, -100);
      for (int i = 0; i < n; i++) {
        float weight = i + 1 < n ? row.weights().get(i + 1) : 0;
        weights.add(weight);
        shifted[i] = weight > 0 ? row.ids().get(i + 1) : -100;
      }
      ids.add(row.ids().stream().mapToInt(Integer::intValue).toArray());
      labels.add(shifted);
    }
    Batch plain = Oracle.join(ids, labels);
    float[] factors = new float[weights.size()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = weights.get(i);
    }
    return new Batch(plain.ids(), plain.positions(), plain.cuSeqlens(), plain.labels(), factors);
  }
}

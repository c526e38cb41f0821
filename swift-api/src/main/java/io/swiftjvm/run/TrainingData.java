package io.swiftjvm.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.data.Batch;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.text.Tokenizer;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** FALLBACK until the data package is there. */
public final class TrainingData {
  private final BatchSource batches;

  private TrainingData(BatchSource batches) {
    this.batches = batches;
  }

  BatchSource batches() {
    return batches;
  }

  List<Batch> validation() {
    return List.of();
  }

  static TrainingData of(Settings settings, LoadedModel loaded, Consumer<TrainEvent> listener) {
    Tokenizer tok = loaded.tokenizer();
    List<Batch> rows = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    int max = settings.text().maxLength() == null ? 4096 : settings.text().maxLength();
    try {
      for (String spec : settings.data().datasets()) {
        List<String> lines;
        if (spec.equals("swift/self-cognition")) {
          try (var in = io.swiftjvm.data.Batch.class.getResourceAsStream("/io/swiftjvm/datasets/self-cognition.jsonl")) {
            lines = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).lines().map(l -> l
                .replace("{{NAME}}", settings.data().modelName()).replace("{{AUTHOR}}", settings.data().modelAuthor())).toList();
          }
        } else {
          lines = Files.readAllLines(Path.of(spec));
        }
        for (String line : lines) {
          Batch row = row(settings, tok, json.readTree(line));
          if (row.ids().length <= max) {
            rows.add(row);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int[] order = new int[rows.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    RowBatches.shuffle(order, settings.train().dataSeed(), "dataset");
    List<Batch> units = new ArrayList<>();
    if (settings.text().packing()) {
      List<Batch> pack = new ArrayList<>();
      int n = 0;
      for (int i : order) {
        Batch row = rows.get(i);
        if (n + row.ids().length > max) {
          units.add(RowBatches.join(pack));
          pack = new ArrayList<>();
          n = 0;
        }
        pack.add(row);
        n += row.ids().length;
      }
      units.add(RowBatches.join(pack));
    } else {
      for (int i : order) {
        units.add(rows.get(i));
      }
    }
    return new TrainingData(new RowBatches(units, settings.train().batch(), settings.data().loaderShuffle(),
        settings.train().dataSeed(), "fallback"));
  }

  private static Batch row(Settings settings, Tokenizer tok, JsonNode json) {
    List<Integer> ids = new ArrayList<>();
    List<Boolean> trained = new ArrayList<>();
    if (settings.task() == Task.PT) {
      add(ids, trained, tok.encode(json.path("messages").get(0).path("content").asText(), false), true);
      add(ids, trained, new int[] {tok.id("<|endoftext|>").orElseThrow()}, true);
    } else {
      JsonNode messages = json.path("messages");
      if (messages.isMissingNode()) {
        add(ids, trained, tok.encode("<|im_start|>user\n" + json.path("query").asText() + "<|im_end|>\n<|im_start|>assistant\n", false), false);
        add(ids, trained, tok.encode(json.path("response").asText() + "<|im_end|>\n", false), true);
      } else {
        for (JsonNode m : messages) {
          boolean answer = m.path("role").asText().equals("assistant");
          add(ids, trained, tok.encode("<|im_start|>" + m.path("role").asText() + "\n", false), false);
          add(ids, trained, tok.encode(m.path("content").asText() + "<|im_end|>\n", false), answer);
        }
      }
    }
    int n = ids.size();
    int[] labels = new int[n];
    int[] positions = new int[n];
    for (int i = 0; i < n; i++) {
      positions[i] = i;
      labels[i] = i + 1 < n && trained.get(i + 1) ? ids.get(i + 1) : -100;
    }
    return new Batch(ids.stream().mapToInt(Integer::intValue).toArray(), positions, new int[] {0, n}, labels, null);
  }

  private static void add(List<Integer> ids, List<Boolean> trained, int[] more, boolean answer) {
    for (int id : more) {
      ids.add(id);
      trained.add(answer);
    }
  }
}

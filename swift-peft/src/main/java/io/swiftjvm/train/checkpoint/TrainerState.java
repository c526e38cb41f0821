package io.swiftjvm.train.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.StrictJson;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a training stands: {@code trainer_state.json}. Dropout and data order are pure functions of seed and step, so
 * the step is the whole state of the random generators and of the data.
 *
 * @param step steps done
 * @param totalSteps steps of the run
 * @param updates optimizer updates made; fewer than steps when steps were dropped
 * @param tokens tokens seen by the run that saved it
 * @param dropped steps dropped by the run that saved it
 * @param bestStep step of the best checkpoint so far; 0 = none
 * @param bestMetric its metric; NaN = none
 * @param stale saves since the best one
 * @param lossScale what the loss is multiplied by; 0 = it is not scaled
 * @param goodSteps steps since that changed
 * @param identity facts that a continuation must share, by name
 */
public record TrainerState(
    int step, int totalSteps, long updates, long tokens, int dropped, int bestStep, double bestMetric,
    int stale, double lossScale, int goodSteps, Map<String, String> identity) {
  /** The file's name. */
  public static final String FILE = "trainer_state.json";

  private static final int FORMAT = 1;

  public TrainerState {
    identity = Collections.unmodifiableMap(new LinkedHashMap<>(identity));
  }

  /** Writes the file into {@code folder}. */
  public void write(Path folder) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("format", FORMAT);
    json.put("global_step", step);
    json.put("max_steps", totalSteps);
    json.put("optimizer_updates", updates);
    json.put("num_input_tokens_seen", tokens);
    json.put("dropped_steps", dropped);
    if (bestStep > 0) {
      json.put("best_global_step", bestStep);
      json.put("best_metric", bestMetric);
      json.put("saves_without_best", stale);
    }
    if (lossScale > 0) {
      json.put("loss_scale", lossScale);
      json.put("loss_scale_good_steps", goodSteps);
    }
    ObjectNode facts = json.putObject("identity");
    identity.forEach(facts::put);
    AtomicFile.write(folder.resolve(FILE), json.toPrettyString() + "\n");
  }

  /** Reads the file of {@code folder}; {@link CheckpointException} names what is wrong with it. */
  public static TrainerState read(Path folder) {
    Path file = folder.resolve(FILE);
    ObjectNode json = StrictJson.readObject(file);
    if (json.path("format").asInt(0) != FORMAT) {
      throw new CheckpointException("Cannot continue " + file + ": its format is " + json.path("format")
          + ", this version reads " + FORMAT + ". Continue it with the version that wrote it.");
    }
    Map<String, String> identity = new LinkedHashMap<>();
    json.path("identity").properties().forEach(entry -> identity.put(entry.getKey(), entry.getValue().asText()));
    return new TrainerState(whole(file, json, "global_step"), whole(file, json, "max_steps"),
        whole(file, json, "optimizer_updates"), json.path("num_input_tokens_seen").asLong(0),
        json.path("dropped_steps").asInt(0),
        json.path("best_global_step").asInt(0), json.path("best_metric").asDouble(Double.NaN),
        json.path("saves_without_best").asInt(0), json.path("loss_scale").asDouble(0),
        json.path("loss_scale_good_steps").asInt(0), identity);
  }

  private static int whole(Path file, ObjectNode json, String key) {
    JsonNode node = json.path(key);
    if (!node.isInt() || node.intValue() < 0) {
      throw new CheckpointException("Cannot continue " + file + ": " + key + " is " + (node.isMissingNode() ? "missing"
          : node) + ", a whole number of 0 or more is needed. Continue another checkpoint.");
    }
    return node.intValue();
  }
}

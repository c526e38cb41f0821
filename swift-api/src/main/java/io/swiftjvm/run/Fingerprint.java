package io.swiftjvm.run;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.data.batch.Grouping;
import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.DatasetSpec;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.plan.Settings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Hashes of what a checkpoint is only continued over: the tokens of every step, and the model beneath. */
final class Fingerprint {
  private static final long SAMPLE = 4096;
  private static final int SAMPLES = 16;

  private Fingerprint() {}

  /**
   * A hash of config.json, of all tensors' names and shapes, and of samples spread over each tensor: any training of a
   * model changes nearly all of its values, and a large model must not be read whole before every start.
   */
  static String model(Path folder) {
    Hasher hasher = Hashing.sha256().newHasher();
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      hasher.putString(Files.readString(folder.resolve("config.json")), StandardCharsets.UTF_8);
      for (String name : checkpoint.names().stream().sorted().toList()) {
        TensorEntry entry = checkpoint.get(name);
        hasher.putString(entry.toString(), StandardCharsets.UTF_8);
        MemorySegment data = entry.data();
        long step = Math.max(SAMPLE, data.byteSize() / SAMPLES);
        for (long at = 0; at < data.byteSize(); at += step) {
          hasher.putBytes(data.asSlice(at, Math.min(SAMPLE, data.byteSize() - at)).toArray(ValueLayout.JAVA_BYTE));
        }
      }
    } catch (IOException e) {
      throw new ModelFormatException("Cannot read config.json in " + folder + ": " + e + ". Check the folder.", e);
    }
    return hasher.hash().toString();
  }

  static String of(List<Batch> units, Settings settings) {
    Hasher hasher = Hashing.sha256().newHasher();
    for (Batch unit : units) {
      for (int i = 0; i < unit.ids().length; i++) {
        hasher.putInt(unit.ids()[i]).putInt(unit.labels()[i]);
      }
      float[] weights = unit.weights();
      for (int i = 0; weights != null && i < weights.length; i++) {
        hasher.putFloat(weights[i]);
      }
      hasher.putInt(unit.ids().length);
      for (RowFacts row : unit.facts()) {
        for (float target : row.target()) {
          hasher.putFloat(target);
        }
        hasher.putString(String.valueOf(row.channel()), StandardCharsets.UTF_8);
      }
    }
    return order(hasher, settings);
  }

  /**
   * A hash of what the files are, for data that is not read beforehand: their names, sizes and times, and everything in
   * the settings that decides how rows become tokens.
   */
  static String ofFiles(Settings settings) {
    Hasher hasher = Hashing.sha256().newHasher();
    for (String spec : settings.data().datasets()) {
      for (String fact : DatasetLoader.identity(DatasetSpec.parse(spec))) {
        hasher.putString(fact + "\n", StandardCharsets.UTF_8);
      }
    }
    hasher.putString(settings.data() + "\n" + settings.text() + "\n" + settings.task(), StandardCharsets.UTF_8);
    return order(hasher, settings);
  }

  private static String order(Hasher hasher, Settings settings) {
    Grouping grouping = settings.data().grouping();
    hasher.putString(settings.data().loaderShuffle() + " " + settings.train().dataSeed() + " "
        + settings.train().batch().perDevice() + " " + settings.train().batch().microBatches(), StandardCharsets.UTF_8);
    if (grouping.byLength() || grouping.maxTokens() != null) { // fingerprints of other runs stay what they were
      hasher.putString(" " + grouping.byLength() + " " + grouping.maxTokens(), StandardCharsets.UTF_8);
    }
    return hasher.hash().toString();
  }
}

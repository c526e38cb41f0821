package io.swiftjvm.run;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.swiftjvm.data.Batch;
import io.swiftjvm.plan.Settings;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A hash of everything that decides which tokens come in which step. */
final class Fingerprint {
  private Fingerprint() {}

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
    }
    hasher.putString(settings.data().loaderShuffle() + " " + settings.train().dataSeed() + " "
        + settings.train().batch().perDevice() + " " + settings.train().batch().microBatches(), StandardCharsets.UTF_8);
    return hasher.hash().toString();
  }
}

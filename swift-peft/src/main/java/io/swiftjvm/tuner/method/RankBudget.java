package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * AdaLoRA's choice of ranks: a rank's importance is that of its value and the mean of those of its two vectors, where
 * the importance of a weight is {@code |w * gradient|}, smoothed, times the smoothed deviation from that. The value of
 * a rank that is not important enough becomes 0.
 */
final class RankBudget implements TrainingState {
  private static final String FILE = "rank_budget.safetensors";

  /** A weight with its importance and the doubt about it. */
  private record Watched(Parameter weight, Tensor importance, Tensor doubt) {}

  /** A, E and B of one projection, and which ranks are kept. */
  private static final class Triplet {
    private final Watched a;
    private final Watched e;
    private final Watched b;
    private final boolean[] kept;

    Triplet(Watched a, Watched e, Watched b, boolean[] kept) {
      this.a = a;
      this.e = e;
      this.b = b;
      this.kept = kept;
    }

    List<Watched> all() {
      return List.of(a, e, b);
    }
  }

  private final CausalLm model;
  private final Backend backend;
  private final RankSchedule schedule;
  private final int target;
  private final List<Triplet> triplets = new ArrayList<>();
  private boolean running;

  /** {@code parameters} hold A, E and B of every projection, one after the other. */
  RankBudget(CausalLm model, List<Parameter> parameters, RankSchedule schedule, int targetRank) {
    this.model = model;
    this.backend = model.backend();
    this.schedule = schedule;
    for (int i = 0; i + 2 < parameters.size(); i += 3) {
      boolean[] kept = new boolean[Math.toIntExact(parameters.get(i + 1).value().size())];
      Arrays.fill(kept, true);
      triplets.add(new Triplet(
          watched(parameters.get(i)), watched(parameters.get(i + 1)), watched(parameters.get(i + 2)), kept));
    }
    target = targetRank * triplets.size();
  }

  private Watched watched(Parameter parameter) {
    Watched watched = new Watched(parameter, model.scope().floats(parameter.value().shape()),
        model.scope().floats(parameter.value().shape()));
    backend.fill(watched.importance(), 0);
    backend.fill(watched.doubt(), 0);
    return watched;
  }

  @Override
  public void after(int step, int total, Gradients gradients, float clip) {
    int last = total - schedule.fixed();
    running = step < total;
    if (step < last) {
      for (Triplet t : triplets) {
        for (Watched w : t.all()) {
          watch(w, gradients, clip);
        }
      }
    }
    // Between two choices the optimizer may give a rank its value back.
    if (step > last || choose(step, total)) {
      triplets.forEach(this::mask);
    }
  }

  private void watch(Watched w, Gradients gradients, float clip) {
    Tensor gradient = gradients.get(w.weight().value());
    if (gradient == null) {
      return;
    }
    try (Scope scope = new Scope(backend)) {
      Tensor now = scope.floats(w.importance().shape());
      Tensor other = scope.floats(w.importance().shape());
      backend.binary(Binary.MULTIPLY, w.weight().value().detached(), gradient, now);
      backend.scale(now, clip, now);
      absolute(now, other);
      smooth(w.importance(), now, schedule.sensitivity());
      backend.binary(Binary.SUBTRACT, now, w.importance(), now);
      absolute(now, other);
      smooth(w.doubt(), now, schedule.uncertainty());
    }
  }

  private void absolute(Tensor x, Tensor spare) {
    backend.scale(x, -1, spare);
    backend.binary(Binary.MAX, x, spare, x);
  }

  private void smooth(Tensor average, Tensor now, double slowness) {
    backend.scale(average, (float) slowness, average);
    backend.axpy((float) (1 - slowness), now, average);
  }

  /** Keeps the most important ranks; false if all are to be kept. */
  private boolean choose(int step, int total) {
    int all = triplets.stream().mapToInt(t -> t.kept.length).sum();
    int dropped = all - schedule.budget(step, total, all, target);
    if (dropped <= 0) {
      return false;
    }
    List<float[]> scores = triplets.stream().map(this::scores).toList();
    float[] sorted = new float[all];
    int at = 0;
    for (float[] s : scores) {
      System.arraycopy(s, 0, sorted, at, s.length);
      at += s.length;
    }
    Arrays.sort(sorted);
    float threshold = sorted[dropped - 1];
    for (int i = 0; i < triplets.size(); i++) {
      for (int r = 0; r < scores.get(i).length; r++) {
        triplets.get(i).kept[r] = scores.get(i)[r] > threshold;
      }
    }
    return true;
  }

  private float[] scores(Triplet t) {
    try (Scope scope = new Scope(backend)) {
      Tensor a = score(t.a, scope);
      Tensor b = score(t.b, scope);
      Tensor rows = scope.floats(a.dim(0));
      Tensor columns = scope.floats(b.dim(1));
      backend.reduceColumns(Reduction.SUM, a, rows);
      backend.sumRows(b, columns, 0);
      float[] sum = read(score(t.e, scope));
      float[] left = read(rows);
      float[] right = read(columns);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += left[i] / a.dim(1) + right[i] / b.dim(0);
      }
      return sum;
    }
  }

  private Tensor score(Watched w, Scope scope) {
    Tensor score = scope.floats(w.importance().shape());
    backend.binary(Binary.MULTIPLY, w.importance(), w.doubt(), score);
    return score;
  }

  private void mask(Triplet t) {
    float[] values = read(t.e.weight().value().detached());
    for (int i = 0; i < values.length; i++) {
      values[i] = t.kept[i] ? values[i] : 0;
    }
    backend.upload(MemorySegment.ofArray(values), t.e.weight().value());
  }

  private float[] read(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    backend.download(tensor, MemorySegment.ofArray(values));
    return values;
  }

  @Override
  public void save(Path folder) {
    if (running) {
      SafetensorsWriter writer = new SafetensorsWriter();
      tensors().forEach((name, tensor) -> writer.add(name, tensor.shape(), read(tensor)));
      for (Triplet t : triplets) {
        float[] kept = new float[t.kept.length];
        for (int i = 0; i < kept.length; i++) {
          kept[i] = t.kept[i] ? 1 : 0;
        }
        writer.add("kept." + t.e.weight().name(), new long[] {kept.length}, kept);
      }
      writer.write(folder.resolve(FILE));
    }
  }

  @Override
  public void load(Path folder) {
    if (!Files.isRegularFile(folder.resolve(FILE))) {
      return;
    }
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(FILE))) {
      tensors().forEach((name, tensor) ->
          backend.upload(MemorySegment.ofArray(values(file, name, tensor.size())), tensor));
      for (Triplet t : triplets) {
        float[] kept = values(file, "kept." + t.e.weight().name(), t.kept.length);
        for (int i = 0; i < kept.length; i++) {
          t.kept[i] = kept[i] != 0;
        }
      }
    }
  }

  private static float[] values(SafetensorsFile file, String name, long size) {
    if (!file.contains(name) || !file.entry(name).dtype().isFloat() || file.entry(name).elements() != size) {
      throw new CheckpointException("Cannot continue with " + file.path() + ": it has no tensor '" + name + "' of "
          + size + " values. Continue a checkpoint of the same training.");
    }
    return file.entry(name).floats();
  }

  private Map<String, Tensor> tensors() {
    Map<String, Tensor> all = new TreeMap<>();
    for (Triplet t : triplets) {
      for (Watched w : t.all()) {
        all.put("importance." + w.weight().name(), w.importance());
        all.put("doubt." + w.weight().name(), w.doubt());
      }
    }
    return all;
  }
}

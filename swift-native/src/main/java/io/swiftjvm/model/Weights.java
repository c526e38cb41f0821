package io.swiftjvm.model;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a checkpoint as parameters. On the host they are the mapped file itself, or copies if asked; the file
 * stays open until the last tensor on it has gone, which a tape in the middle of its backward pass may delay.
 */
final class Weights {
  private final Checkpoint checkpoint;
  private final Backend backend;
  private final Scope scope;
  private final @Nullable DType dtype;
  private final boolean map;
  private final @Nullable WeightFormat format;
  private final BlockOrigins origins;
  private final Set<Storage> mapped = Collections.newSetFromMap(new IdentityHashMap<>());
  private final AtomicInteger open = new AtomicInteger(1);

  Weights(
      Checkpoint checkpoint, Backend backend, Scope scope, LoadOptions options, @Nullable WeightFormat format,
      BlockOrigins origins) {
    this.checkpoint = checkpoint;
    this.backend = backend;
    this.scope = scope;
    this.dtype = options.dtype();
    this.map = options.mapped();
    this.format = format;
    this.origins = origins;
  }

  /** Checks a whole checkpoint against what the model needs, before anything is allocated. */
  static void check(
      Checkpoint checkpoint, Map<String, long[]> wanted, Predicate<String> ignored, @Nullable WeightFormat format) {
    List<String> missing = checkpoint.missing(wanted.keySet());
    if (!missing.isEmpty()) {
      throw refusal(checkpoint, "tensor '" + missing.getFirst() + "' " + shape(wanted, missing.getFirst())
          + " is missing" + more(missing.size()));
    }
    List<String> unexpected = checkpoint.unexpected(wanted.keySet()).stream().filter(ignored.negate())
        .filter(name -> format == null || !format.isPart(checkpoint, name)).toList();
    if (!unexpected.isEmpty()) {
      throw refusal(checkpoint, "tensor '" + unexpected.getFirst() + "' is not expected" + more(unexpected.size()));
    }
    wanted.forEach((name, shape) -> {
      if (format != null && format.covers(checkpoint, name)) {
        return;
      }
      TensorEntry entry = checkpoint.get(name);
      if (!Arrays.equals(entry.shape(), shape)) {
        throw refusal(checkpoint, "tensor '" + name + "' has shape " + Arrays.toString(entry.shape()) + ", expected "
            + Arrays.toString(shape));
      }
      if (!entry.dtype().isFloat()) {
        throw refusal(checkpoint, "tensor '" + name + "' is " + entry.dtype() + ", expected F32, BF16 or F16");
      }
    });
  }

  /** A tied checkpoint may bring the output projection too, but it must be the token table. */
  static void checkTied(Checkpoint checkpoint, String head, String embedding) {
    TensorEntry a = checkpoint.get(head);
    TensorEntry b = checkpoint.get(embedding);
    if (a.dtype() != b.dtype() || !Arrays.equals(a.shape(), b.shape()) || a.data().mismatch(b.data()) >= 0) {
      throw refusal(checkpoint, "tensor '" + head + "' differs from '" + embedding
          + "' although 'tie_word_embeddings' is true");
    }
  }

  private static String shape(Map<String, long[]> wanted, String name) {
    return Arrays.toString(wanted.get(name));
  }

  private static String more(int count) {
    return count == 1 ? "" : ", and " + (count - 1) + " more";
  }

  private static ModelFormatException refusal(Checkpoint checkpoint, String found) {
    return new ModelFormatException("Cannot load the model in " + checkpoint.folder() + ": " + found
        + ". Check that config.json and the weights belong together.");
  }

  /** The tensor called {@code name}. */
  Parameter parameter(String name, long... shape) {
    if (origins.zero(name)) {
      Tensor zeros = scope.floats(shape);
      backend.fill(zeros, 0);
      return new Parameter(name, zeros);
    }
    String stored = origins.stored(name);
    if (format != null && format.covers(checkpoint, stored)) {
      return new Parameter(name, format.read(checkpoint, stored, shape, backend, scope));
    }
    TensorEntry entry = checkpoint.get(stored);
    long address = entry.data().address();
    boolean host = backend.device().kind().equals("cpu");
    boolean aligned = address % entry.dtype().bytes() == 0;
    if (map && host && aligned && (dtype == null || dtype == entry.dtype())) {
      open.incrementAndGet();
      Storage storage = Storage.external(entry.data(), this::released);
      mapped.add(storage);
      return new Parameter(name, Tensor.of(storage, entry.dtype(), entry.shape()));
    }
    Tensor copy = scope.tensor(dtype == null ? backend.weightType(entry.dtype()) : dtype, entry.shape());
    if (copy.dtype() == entry.dtype()) {
      backend.upload(entry.data(), copy);
      return new Parameter(name, copy);
    }
    try (Scope temporary = new Scope(backend)) {
      Tensor given = temporary.tensor(entry.dtype(), entry.shape());
      backend.upload(entry.data(), given);
      backend.cast(given, copy);
    }
    return new Parameter(name, copy);
  }

  /** Makes the parameter a float32 tensor in the model's own memory, if it is not one, and trainable. */
  void train(Parameter parameter) {
    Tensor value = parameter.value();
    if (value.dtype().isQuantised()) {
      throw new InvalidPlanException("Full training was asked for, but " + parameter.name() + " is quantised ("
          + value.dtype().shortName() + "). Train an adapter, or load the unquantised model.");
    }
    if (value.dtype() != DType.F32 || mapped.contains(value.storage())) {
      Tensor wide = scope.floats(value.shape());
      if (value.dtype() == DType.F32) {
        backend.copy(value, wide);
      } else {
        backend.cast(value, wide);
      }
      parameter.replace(wide);
    }
    parameter.trainable(true);
  }

  /** Lets go of the file. */
  void close() {
    Closing.all(() -> Closing.each(mapped, Storage::release), mapped::clear, this::released);
  }

  private void released() {
    if (open.decrementAndGet() == 0) {
      checkpoint.close();
    }
  }
}

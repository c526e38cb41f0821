package io.swiftjvm.plan;

import static io.swiftjvm.parallel.MemoryEstimate.show;

import io.swiftjvm.backend.Device;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.parallel.HostMemory;
import io.swiftjvm.parallel.MemoryEstimate;
import io.swiftjvm.parallel.MemoryEstimator;
import io.swiftjvm.parallel.MemoryRequest;
import io.swiftjvm.parallel.ModelSizes;
import io.swiftjvm.quant.QuantSpec;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tuner.LoraInit;
import io.swiftjvm.tuner.LoraSpec;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a plan takes of the machine's memory, whether it fits, and what to change if not.
 *
 * @param settings the plan
 * @param sizes the model's sizes
 * @param longest longest row in tokens
 */
public record MemoryPlan(Settings settings, ModelSizes sizes, int longest) {
  /** The estimate: of a training step where the plan has data, else of one answer. */
  public MemoryEstimate estimate() {
    return estimate(settings, longest);
  }

  private MemoryEstimate estimate(Settings s, int length) {
    if (!s.data().any()) {
      return MemoryEstimator.estimate(sizes, MemoryRequest.generate(1, length)
          .adapter(s.model().adapters().isEmpty() || s.tuner().full() ? null : s.tuner()).dtype(copied(s))
          .packed(packed(s)));
    }
    Integer pack = s.text().packingLength();
    long row = s.text().packing() && pack != null && length >= longest ? pack : length;
    Integer budget = s.data().grouping().maxTokens();
    return training(s, budget != null ? Math.max(budget, row)
        : Math.multiplyExact(row, s.train().batch().perDevice()));
  }

  /** The estimate of a training whose largest micro-batch has so many tokens. */
  public MemoryEstimate training(long tokens) {
    return training(settings, tokens);
  }

  private MemoryEstimate training(Settings s, long tokens) {
    return MemoryEstimator.estimate(sizes, MemoryRequest.train(s.tuner(), tokens).microBatches(s.train().batch().microBatches())
        .recompute(s.train().recompute()).dtype(copied(s)).packed(packed(s)).optim(s.train().optim()));
  }

  /** The element type of weights that do not stay in the file. */
  private @Nullable DType copied(Settings s) {
    // weights that are stored quantised are read into memory of their own either way
    if (s.model().dtype() != null || s.mapped() || sizes.storedBytes() < 3 * sizes.parameters() / 2) {
      return s.model().dtype();
    }
    return sizes.storedBytes() > 3 * sizes.parameters() ? DType.F32 : DType.BF16;
  }

  private static @Nullable DType packed(Settings s) {
    QuantSpec spec = s.model().quant().spec();
    if (spec != null) {
      return spec.type();
    }
    return s.tuner() instanceof LoraSpec lora && lora.init() == LoraInit.LOFTQ ? DType.NF4 : null;
  }

  /** Bytes that the plan may use: its {@code memory_limit}, else what its device has free. */
  public long available() {
    Double limit = settings.memoryLimit();
    if (limit != null) {
      return (long) (limit * (1L << 30));
    }
    Device device = Devices.choice(settings.device()).map(choice -> choice.device().device()).orElse(Device.CPU);
    return device.kind().equals(Device.CPU.kind()) ? HostMemory.available() : Devices.devices(device.kind()).stream()
        .filter(d -> d.available() && d.free() > 0 && d.device().equals(device))
        .mapToLong(DeviceInfo::free).findFirst().orElseGet(HostMemory::available);
  }

  /** Changes that bring the plan below {@code limit} bytes, each on top of those before; none if it fits. */
  public List<MemoryFix> fixes(long limit) {
    return MemoryFix.of(settings, longest, limit, this::estimate);
  }

  /** The estimate as a table, then whether it fits, and if not what to change, in order, with what each change saves. */
  public String verdict() {
    MemoryEstimate estimate = estimate();
    long available = available();
    String free = show(available) + (settings.memoryLimit() == null ? " that are free" : " that are allowed");
    if (estimate.total() <= available) {
      return estimate + "\nfits in " + free;
    }
    return estimate + "\ndoes NOT fit in " + free + advice(available);
  }

  private String advice(long available) {
    StringBuilder text = new StringBuilder();
    List<MemoryFix> fixes = fixes(available);
    fixes.forEach(fix -> text.append("\n  ").append(fix));
    if (fixes.isEmpty() || fixes.getLast().total() > available) {
      text.append("\n  even then a larger machine or a smaller model is needed");
    }
    return text.toString();
  }

  /**
   * Refuses a training whose largest micro-batch has {@code tokens} tokens if its native memory is more than there is.
   *
   * @throws MemoryException with the estimate and what to change
   */
  public void require(long tokens) {
    MemoryEstimate estimate = training(tokens);
    long available = available();
    if (estimate.pool() > available) {
      throw new MemoryException(estimate.pool(), 0, available, "The training needs about " + show(estimate.pool())
          + " of native memory for micro-batches of up to " + tokens + " tokens, " + show(available)
          + (settings.memoryLimit() == null ? " are free" : " are allowed (memory_limit)") + ". " + culprit(estimate)
          + " What to change:" + ofRows(tokens).advice(available + estimate.slack() + estimate.mapped()));
    }
  }

  /** The plan with the longest row that its data has. */
  private MemoryPlan ofRows(long tokens) {
    return new MemoryPlan(settings, sizes,
        (int) Math.min(longest, Math.ceilDiv(tokens, (long) settings.train().batch().perDevice())));
  }

  /**
   * A refusal of the pool with the part of the plan that takes most, and what to change.
   *
   * @param known tokens of the largest micro-batch; 0 where it is not known
   */
  public MemoryException explained(MemoryException refusal, long known) {
    long tokens = known > 0 ? known : (long) longest * settings.train().batch().perDevice();
    MemoryEstimate estimate = training(tokens);
    return new MemoryException(refusal, refusal.getMessage() + " " + culprit(estimate) + " What to change:"
        + ofRows(tokens).advice(Math.min(available(), refusal.limit()) + estimate.slack() + estimate.mapped()));
  }

  private static String culprit(MemoryEstimate e) {
    Map<String, Long> parts = Map.of(
        "activations (per_device_train_batch_size, max_length, gradient_checkpointing)", e.activations(),
        "logits (per_device_train_batch_size)", e.logits(),
        "gradients (tuner_type)", e.gradients(),
        "optimizer state (optim, tuner_type)", e.optimizer(),
        "copies of weights (torch_dtype, mmap, tuner_type, quant_method)", e.weights() - e.mapped());
    var largest = parts.entrySet().stream().max(Map.Entry.comparingByValue(Comparator.naturalOrder())).orElseThrow();
    return "Most of it is " + largest.getKey() + ", about " + show(largest.getValue()) + ".";
  }
}

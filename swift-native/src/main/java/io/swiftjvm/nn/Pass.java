package io.swiftjvm.nn;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One forward pass through a model: how to compute, what attention sees, which adapters are on.
 *
 * @param ops the operations, with or without a tape
 * @param attention packed rows or a KV cache
 * @param adapters names of the active adapters; an empty list is the bare base model
 * @param dropoutKey seeds this pass's dropout; 0 switches dropout off (evaluation, generation)
 * @param recompute what of every block is computed again in the backward pass instead of being kept
 * @param ids the tokens of the pass, int32 (n), for modules that depend on them; null before the model has set them
 */
public record Pass(
    Ops ops, AttentionContext attention, List<String> adapters, long dropoutKey, Recompute recompute,
    @Nullable Tensor ids) {
  /** A pass whose tokens the model will set. */
  public Pass(Ops ops, AttentionContext attention, List<String> adapters, long dropoutKey, Recompute recompute) {
    this(ops, attention, adapters, dropoutKey, recompute, null);
  }

  /** A pass that keeps all it needs for a backward pass, and whose tokens the model will set. */
  public Pass(Ops ops, AttentionContext attention, List<String> adapters, long dropoutKey) {
    this(ops, attention, adapters, dropoutKey, Recompute.NONE);
  }

  /** A plain pass: default adapter if there is one, no dropout, no recomputation. */
  public static Pass of(Ops ops, AttentionContext attention) {
    return new Pass(ops, attention, List.of("default"), 0);
  }

  public Pass with(Ops other) {
    return new Pass(other, attention, adapters, dropoutKey, recompute, ids);
  }

  /** The same pass over these tokens. */
  public Pass tokens(Tensor tokens) {
    return new Pass(ops, attention, adapters, dropoutKey, recompute, tokens);
  }

  public Pass adapters(List<String> names) {
    return new Pass(ops, attention, List.copyOf(names), dropoutKey, recompute, ids);
  }
}

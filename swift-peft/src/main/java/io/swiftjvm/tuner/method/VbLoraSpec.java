package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Layouts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * VB-LoRA (arXiv 2405.15179): a LoRA whose A and B are put together from pieces, each a mix of the {@code top} vectors
 * of a bank that all projections share; the bank and the logits of the choice are trained.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", VbLoraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank 1 or more; 4 as in PEFT
 * @param vectors size of the bank; 256 as in PEFT
 * @param length of a vector, which divides both sizes; 256 as in PEFT
 * @param top vectors in a mix; 2 as in PEFT
 * @param dropout on the input in training; 0 as in PEFT
 * @param targets which projections
 */
public record VbLoraSpec(
    int rank, int vectors, int length, int top, double dropout, LoraTargets targets) implements ProjectionSpec {
  /** Rank 4, 256 vectors of 256, all projections but the head. */
  public static final VbLoraSpec DEFAULT = new VbLoraSpec(4, 256, 256, 2, 0, LoraTargets.ALL);

  static final String TYPE = "VBLORA";
  static final TunerMethod<VbLoraSpec> METHOD = TunerMethod.of("vblora", DEFAULT)
      .integer("vblora_rank", "Rank of A and B.", VbLoraSpec::rank, VbLoraSpec::rank)
      .integer("vblora_num_vectors", "Size of the bank.", VbLoraSpec::vectors, VbLoraSpec::vectors)
      .integer("vblora_vector_length", "Length of a vector, which divides both sizes.",
          VbLoraSpec::length, VbLoraSpec::length)
      .integer("vblora_topk", "Vectors in a mix.", VbLoraSpec::top, VbLoraSpec::top)
      .number("vblora_dropout", "Share of inputs zeroed in training.", VbLoraSpec::dropout, VbLoraSpec::dropout)
      .targets(VbLoraSpec::targets, VbLoraSpec::targets);

  public VbLoraSpec {
    Ranges.atLeast("vblora.rank", rank, 1);
    Ranges.atLeast("vblora.length", length, 1);
    Ranges.atLeast("vblora.top", top, 1);
    Ranges.atLeast("vblora.vectors", vectors, 1);
    Ranges.dropout("vblora.dropout", dropout);
  }

  static TunerSpec read(ConfigReader config) {
    config.node("init_vector_bank_bound");
    config.node("init_logits_std");
    return new VbLoraSpec(config.integer("r", 4), config.integer("num_vectors", 256),
        config.integer("vector_length", 256), config.integer("topk", 2), config.number("vblora_dropout", 0),
        config.targets());
  }

  /** Sets rank: 1 or more; 4 as in PEFT. */
  public VbLoraSpec rank(int value) {
    return new VbLoraSpec(value, vectors, length, top, dropout, targets);
  }

  /** Sets vectors: size of the bank; 256 as in PEFT. */
  public VbLoraSpec vectors(int value) {
    return new VbLoraSpec(rank, value, length, top, dropout, targets);
  }

  /** Sets length: of a vector, which divides both sizes; 256 as in PEFT. */
  public VbLoraSpec length(int value) {
    return new VbLoraSpec(rank, vectors, value, top, dropout, targets);
  }

  /** Sets top: vectors in a mix; 2 as in PEFT. */
  public VbLoraSpec top(int value) {
    return new VbLoraSpec(rank, vectors, length, value, dropout, targets);
  }

  /** Sets dropout: on the input in training; 0 as in PEFT. */
  public VbLoraSpec dropout(double value) {
    return new VbLoraSpec(rank, vectors, length, top, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public VbLoraSpec targets(LoraTargets value) {
    return new VbLoraSpec(rank, vectors, length, top, dropout, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("r", rank);
    json.put("num_vectors", vectors);
    json.put("vector_length", length);
    json.put("topk", top);
    json.put("vblora_dropout", dropout);
  }

  @Override
  public void fit(Place place, boolean fresh) {
    place.check(
        place.in() % length == 0 && place.out() % length == 0, "vectors of " + length + " do not divide it");
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.of(new long[] {rank, place.in() / length, vectors}, new long[] {place.out() / length, rank, vectors});
  }

  @Override
  public @Nullable String problem() {
    return vectors >= top ? null
        : "vblora_num_vectors is " + vectors + "; it must be vblora_topk, " + top + ", or more.";
  }

  @Override
  public List<long[]> shared() {
    return List.<long[]>of(new long[] {vectors, length});
  }

  @Override
  public LinearTuner at(Site site) {
    int in = site.in() / length;
    int out = site.out() / length;
    Parameter bank = site.shared("vblora_vector_bank", true, Start.uniform(0.02), vectors, length);
    Parameter a = site.learnt("vblora_logits_A", Start.normal(0.1), rank, in, vectors);
    Parameter b = site.learnt("vblora_logits_B", Start.normal(0.1), out, rank, vectors);
    return new LinearTuner.Path(dropout, (ops, x) -> {
      Tensor left = ops.reshape(mix(ops, a.value(), bank.value()), rank, site.in());
      Tensor pieces = mix(ops, b.value(), bank.value());
      Tensor right = Layouts.permute(ops, pieces, new long[] {out, rank, length}, 0, 2, 1);
      return ops.linear(ops.linear(x, left, null), ops.reshape(right, site.out(), rank), null);
    });
  }

  /** One mix (length) for each row of logits. */
  private Tensor mix(Ops ops, Tensor logits, Tensor bank) {
    int rows = Math.toIntExact(logits.rows());
    float[] values = new float[Math.toIntExact(logits.size())];
    ops.backend().download(logits.detached(), MemorySegment.ofArray(values));
    int[] chosen = new int[rows * top];
    for (int r = 0; r < rows; r++) {
      for (int t = 0; t < top; t++) {
        int best = -1;
        for (int v = 0; v < vectors; v++) {
          float value = values[r * vectors + v];
          if (!taken(chosen, r, t, v) && (best < 0 || value > values[r * vectors + best])) {
            best = v;
          }
        }
        chosen[r * top + t] = best;
      }
    }
    int[] places = new int[chosen.length];
    for (int i = 0; i < places.length; i++) {
      places[i] = i / top * vectors + chosen[i];
    }
    Tensor weights = HostMath.softmax(ops, Layouts.gather(ops, logits, Layouts.ids(ops, places), rows, top));
    Tensor picked = ops.selectRows(bank, Layouts.ids(ops, chosen));
    Tensor weighted = Broadcasts.multiplyColumn(ops, picked, ops.reshape(weights, (long) rows * top, 1));
    Tensor wide = ops.reshape(weighted, rows, (long) top * length);
    Tensor sum = Slices.columns(ops, wide, 0, length);
    for (int t = 1; t < top; t++) {
      sum = ops.add(sum, Slices.columns(ops, wide, (long) t * length, length));
    }
    return sum;
  }

  private boolean taken(int[] chosen, int row, int count, int vector) {
    for (int t = 0; t < count; t++) {
      if (chosen[row * top + t] == vector) {
        return true;
      }
    }
    return false;
  }
}

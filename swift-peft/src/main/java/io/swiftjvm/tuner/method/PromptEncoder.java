package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the rows of a prompt: a trained table, or a small network behind one. PEFT saves what the network answers and
 * not the network; here both are saved, so that a training can go on.
 */
final class PromptEncoder implements PassChange {
  /** The rows that every file has. */
  static final String ROWS = "prompt_embeddings";

  private static final String STEM = "prompt_encoder.";
  private static final String TABLE = STEM + "embedding.weight";

  private record Layer(Parameter weight, Parameter bias) {}

  private final Parameter table;
  private final List<Layer> layers = new ArrayList<>();
  private final Unary activation;
  private final @Nullable Tensor saved;

  // 0: the rows are tokens, not keys and values.
  private int layersOfKeys;
  private int hiddenSize;

  private PromptEncoder(Parameter table, Unary activation, @Nullable Tensor saved) {
    this.table = table;
    this.activation = activation;
    this.saved = saved;
  }

  /** A table alone. */
  static PromptEncoder plain(AdapterTensors tensors, Start start, long tokens, long width) {
    return new PromptEncoder(tensors.parameter(ROWS, TABLE, true, start, tokens, width), Unary.RELU, null);
  }

  /** A table and a network of {@code sizes}, called {@code name}; the table alone where the file has no network. */
  static PromptEncoder network(AdapterTensors tensors, String name, Unary activation, long tokens, long... sizes) {
    if (tensors.loaded() && tensors.stored(TABLE) == null) {
      if (tensors.trainable()) {
        throw tensors.refusal("it has the prompt and not the network that makes it, so the prompt can be used but not "
            + "trained on");
      }
      return plain(tensors, Start.NORMAL, tokens, sizes[sizes.length - 1]);
    }
    PromptEncoder encoder = new PromptEncoder(tensors.parameter(TABLE, TABLE, true, Start.NORMAL, tokens, sizes[0]),
        activation, tensors.derived(ROWS, tokens, sizes[sizes.length - 1]));
    for (int i = 0; i + 1 < sizes.length; i++) {
      String key = STEM + name + "." + 2 * i;
      Start start = Start.uniform(1 / Math.sqrt((double) sizes[i]));
      encoder.layers.add(new Layer(
          tensors.parameter(key + ".weight", key + ".weight", true, start, sizes[i + 1], sizes[i]),
          tensors.parameter(key + ".bias", key + ".bias", true, start, sizes[i + 1])));
    }
    return encoder;
  }

  /** Shapes of the table and of a network of {@code sizes} behind it. */
  static Map<String, long[]> shapes(long tokens, long... sizes) {
    Map<String, long[]> all = new LinkedHashMap<>();
    all.put(TABLE, new long[] {tokens, sizes[0]});
    for (int i = 0; i + 1 < sizes.length; i++) {
      all.put(STEM + i + ".weight", new long[] {sizes[i + 1], sizes[i]});
      all.put(STEM + i + ".bias", new long[] {sizes[i + 1]});
    }
    return all;
  }

  /** The same rows as keys and values of every layer. */
  PromptEncoder keys(DecoderConfig model) {
    layersOfKeys = model.layerCount();
    hiddenSize = model.hiddenSize();
    return this;
  }

  /** The rows now. */
  Tensor rows(Ops ops) {
    Tensor x = table.value();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      x = ops.linear(i == 0 ? x : ops.activation(activation, x), layer.weight().value(), layer.bias().value());
    }
    return x;
  }

  @Override
  public Pass pass(Pass pass, int[] ids, int[] positions, int[] cuSeqlens) {
    Tensor rows = rows(pass.ops());
    if (layersOfKeys == 0) {
      pass.ops().virtualTokens(rows);
      return pass;
    }
    PrefixContext context = new PrefixContext(pass.ops(), rows, layersOfKeys, cuSeqlens);
    return new Pass(pass.ops(), context, pass.adapters(), pass.dropoutKey(), pass.recompute());
  }

  @Override
  public Pass continued(Pass pass, int[] ids, int[] positions, int first) {
    if (Arrays.stream(ids).allMatch(id -> id < first)) {
      return pass;
    }
    if (layersOfKeys == 0) {
      return pass(pass, ids, positions, new int[0]);
    }
    Ops ops = pass.ops();
    Tensor rows = rows(ops);
    Tensor none = ops.floats(rows.dim(0), hiddenSize);
    ops.backend().fill(none, 0);
    ops.virtualTokens(none);
    return new Pass(ops, new CachedPrefix(ops, pass.attention(), rows, layersOfKeys, first, ids), pass.adapters(),
        pass.dropoutKey(), pass.recompute());
  }

  @Override
  public void updated(Backend backend) {
    if (saved != null) {
      try (Scope scope = new Scope(backend)) {
        backend.copy(rows(new Ops(backend, null, scope)).detached(), saved);
      }
    }
  }
}

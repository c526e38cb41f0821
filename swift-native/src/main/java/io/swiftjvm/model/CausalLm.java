package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.model.family.Family;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A causal language model: a token table, decoder blocks, a norm and an output projection. Weights are the mapped file.
 * Batches are flat, without padding; which rows see each other is the business of the pass's attention.
 *
 * {@snippet :
 * try (var model = CausalLm.load(Path.of("Qwen3-0.6B"), backend); var scope = new Scope(backend)) {
 *   Pass pass = Pass.of(new Ops(backend, null, scope), AttentionContext.packed(0, 3));
 *   Tensor hidden = model.hidden(pass, scope.ints(11, 12, 13), new int[] {0, 1, 2}); // (3,C)
 *   Tensor logits = model.logits(pass, hidden); // (3,V)
 * }
 * }
 *
 * <p>Passes may run in several threads at once; changes of the tree may not run beside them. {@link #close()} waits for
 * passes; every use afterwards throws {@link IllegalStateException}.
 */
public final class CausalLm implements AutoCloseable {
  /** Keeps a model open; closed by the thread that took it. */
  @FunctionalInterface
  public interface Use extends AutoCloseable {
    @Override
    void close();
  }

  /** Sees hidden states: 0 is the embedded tokens, i the output of block i, the last one that of the final norm. */
  @FunctionalInterface
  public interface LayerTap {
    void see(int index, Tensor hidden);
  }

  private final Path directory;
  private final @Nullable String replacedHead;
  private final ModelConfig source;
  private final DecoderConfig config;
  private final Backend backend;
  private final Scope scope;
  private final Set<Scope> apart = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Scope current;
  private final Weights weights;
  private final ModelTree tree;
  private final Map<String, LinearSlot> slots;
  private final List<@Nullable RopeTable> ropes = new ArrayList<>();
  private final UseGuard guard;
  private volatile List<Attachment> behindBlocks = List.of();
  private final Map<String, Attachment> attachments = Collections.synchronizedMap(new LinkedHashMap<>());

  private CausalLm(
      Path directory, @Nullable String replacedHead, ModelConfig source, DecoderConfig config, Backend backend,
      Scope scope, Weights weights, ModelTree tree) {
    this.directory = directory;
    this.replacedHead = replacedHead;
    this.source = source;
    this.config = config;
    this.backend = backend;
    this.scope = scope;
    this.weights = weights;
    this.tree = tree;
    this.slots = tree.slots();
    this.guard = new UseGuard("the model of " + directory);
    Map<RopeSpec, RopeTable> tables = new HashMap<>();
    for (LayerConfig layer : config.layers()) {
      RopeSpec rope = layer.mixer().rope();
      ropes.add(rope == null ? null : tables.computeIfAbsent(rope, RopeTable::new));
    }
  }

  /** {@link #load(Path, Backend, LoadOptions)} with the weights as stored. */
  public static CausalLm load(Path directory, Backend backend) {
    return load(directory, backend, LoadOptions.AS_STORED);
  }

  /**
   * Loads a folder in the layout of the Hugging Face hub. All names, shapes and types are checked before memory is
   * taken.
   *
   * @throws ModelFormatException if a file is malformed, the family or a setting of it is not supported, or the weights
   *     are not those of the config
   */
  public static CausalLm load(Path directory, Backend backend, LoadOptions options) {
    ModelConfig stored = ModelConfig.load(directory);
    Family family = Families.of(stored);
    ClassifierHead asked = options.head();
    ModelConfig source = asked == null ? stored : asked.apply(stored);
    DecoderConfig config = family.config(source);
    WeightFormat format = format(source, options);
    Checkpoint checkpoint = Checkpoint.open(directory);
    Scope scope = new Scope(backend);
    try {
      WeightNames names = family.names(source, checkpoint.names());
      ModelBuilder builder = new ModelBuilder(config, names);
      String head = names.head() + ".weight";
      boolean fresh = asked != null && !checkpoint.contains(head);
      String replaced = fresh ? family.names(stored, checkpoint.names()).head() : null;
      Map<String, long[]> wanted = builder.shapes();
      if (fresh) {
        wanted.remove(head);
      }
      Weights.check(checkpoint, wanted, name -> family.ignores(source, name) || (config.tied() && name.equals(head))
          || (fresh && name.startsWith(replaced + ".")), format);
      if (config.tied() && checkpoint.contains(head)) {
        Weights.checkTied(checkpoint, head, names.embedding() + ".weight");
      }
      BlockExpansion expansion = options.expansion();
      BlockOrigins origins = expansion == null ? BlockOrigins.SAME : BlockOrigins.of(expansion.sources(config), names);
      Weights weights =
          new Weights(checkpoint, backend, scope, options, format, origins.zeroing(fresh ? names.head() : null));
      DecoderConfig grown = expansion == null ? config : expansion.apply(config);
      return new CausalLm(directory, replaced, source, grown, backend, scope, weights,
          new ModelBuilder(grown, names).build(weights));
    } catch (RuntimeException | Error e) {
      Closing.after(e, scope, checkpoint);
      throw e;
    }
  }

  private static @Nullable WeightFormat format(ModelConfig source, LoadOptions options) {
    if (source.quantMethod().isEmpty()) {
      return null;
    }
    return options.formats().stream().filter(format -> format.reads(source)).findFirst().orElseThrow(
        () -> source.root().refusal("quantization_config", "absent: quantised weights ('" + source.quantMethod().get()
            + "') of this kind are not supported here, take the unquantised model"));
  }

  public DecoderConfig config() {
    return config;
  }

  /** The config.json, with what {@link LoadOptions} changed. */
  public ModelConfig source() {
    return source;
  }

  /**
   * The output projection in the files that a new {@link ClassifierHead} took the place of; null where the head is that
   * of the files. The new one is zero until it is filled.
   */
  public @Nullable String replacedHead() {
    return replacedHead;
  }

  public Path directory() {
    return directory;
  }

  public Backend backend() {
    return backend;
  }

  /** Memory that lives as long as the model, adapters and widened weights, or as long as {@link #apart} says. */
  public Scope scope() {
    try (Use _ = use()) {
      Scope now = current;
      return now == null ? scope : now;
    }
  }

  /**
   * Runs a change, such as attaching an adapter, whose memory shall go back before the model's. One at a time, in one
   * thread.
   *
   * {@snippet :
   * Scope memory = model.apart(() -> AdapterFiles.attach(model, folder, "a", false));
   * LoraAdapter.of(model, "a").detach();
   * model.giveBack(memory);
   * }
   *
   * @return what {@link #scope()} was meanwhile
   */
  public Scope apart(Runnable change) {
    try (Use _ = use()) {
      Scope own = new Scope(backend);
      apart.add(own);
      boolean done = false;
      current = own;
      try {
        change.run();
        done = true;
      } finally {
        current = null;
        if (!done) {
          giveBack(own);
        }
      }
      return own;
    }
  }

  /** Gives the memory of a change back, when nothing uses it any more. Twice is harmless. */
  public void giveBack(Scope own) {
    if (apart.remove(own)) {
      own.close();
    }
  }

  /**
   * Keeps the model open until the result is closed: {@link #close()} waits. Passes do this for themselves; take one
   * around a step that also touches parameters.
   */
  public Use use() {
    return guard.enter();
  }

  /** Every parameter once, those of adapters included, in the order of transformers. */
  public List<Parameter> parameters() {
    try (Use _ = use()) {
      return tree.parameters();
    }
  }

  /** Every projection by module path, {@code model.layers.0.self_attn.q_proj}, in model order, the output one last. */
  public Map<String, Linear> linears() {
    try (Use _ = use()) {
      Map<String, Linear> linears = new LinkedHashMap<>();
      slots.forEach((path, slot) -> linears.put(path, slot.linear()));
      return linears;
    }
  }

  /** Puts another projection of the same shape in the place of the one at {@code path}. */
  public void replaceLinear(String path, UnaryOperator<Linear> change) {
    try (Use _ = use()) {
      LinearSlot slot = slots.get(path);
      if (slot == null) {
        throw new IllegalArgumentException("there is no projection at '" + path + "'; they are " + slots.keySet());
      }
      slot.replace(change.apply(slot.linear()));
    }
  }

  /** Remembers what was put on the model under its name, in the place of what had that name. */
  public void attach(Attachment attachment) {
    synchronized (attachments) {
      attachments.put(attachment.name(), attachment);
      seeBlockChanges();
    }
  }

  /** Forgets what has this name. */
  public void forget(String name) {
    synchronized (attachments) {
      attachments.remove(name);
      seeBlockChanges();
    }
  }

  private void seeBlockChanges() {
    behindBlocks = attachments.values().stream().filter(a -> a.blockChange() != null).toList();
  }

  /** What was put on the model, by name, in that order. */
  public Map<String, Attachment> attachments() {
    synchronized (attachments) {
      return new LinkedHashMap<>(attachments);
    }
  }

  /** Hidden states (n,C) after the final norm of int32 ids (n) at {@code positions} within their rows. */
  public Tensor hidden(Pass pass, Tensor ids, int[] positions) {
    return hidden(pass, ids, positions, (index, hidden) -> { });
  }

  /** {@link #hidden(Pass, Tensor, int[])} that shows every hidden state to {@code tap}, which must not keep it. */
  public Tensor hidden(Pass pass, Tensor ids, int[] positions, LayerTap tap) {
    return hidden(pass, new PassInputs(this, pass.ops().backend(), pass.ops().scope(), ids, positions), tap);
  }

  /** Hidden states (n,C) after the final norm of what {@link #inputs} made. */
  public Tensor hidden(Pass pass, PassInputs inputs) {
    return hidden(pass, inputs, (index, hidden) -> { });
  }

  /** Tokens and their positions on the device, in {@code scope}, for a pass that will be done again with others. */
  public PassInputs inputs(Scope scope, int[] ids, int[] positions) {
    Tensor room = scope.tensor(DType.I32, ids.length);
    backend.upload(MemorySegment.ofArray(ids), room);
    return new PassInputs(this, backend, scope, room, positions);
  }

  private Tensor hidden(Pass pass, PassInputs inputs, LayerTap tap) {
    try (Use _ = use()) {
      Ops ops = pass.ops();
      Pass known = pass.tokens(inputs.ids());
      List<UnaryOperator<Tensor>> steps = new ArrayList<>();
      for (int i = 0; i < ropes.size(); i++) {
        int index = i;
        RopeTable.Angles own = inputs.angles(ropes.get(i));
        steps.add(x -> {
          tap.see(index, x);
          return block(known, index, x, own);
        });
      }
      steps.add(x -> tree.norm().forward(ops, x));
      Tensor result = ops.chain(embed(ops, inputs), steps);
      tap.see(steps.size() - 1, result);
      return result;
    }
  }

  /** Rows of the token table: ids are below this number, which may be larger than the vocabulary. */
  public int tokenRows() {
    return Math.toIntExact(tree.embedding().value().dim(0));
  }

  /** For each layer its table of angles, or null. */
  List<@Nullable RopeTable> ropes() {
    return ropes;
  }

  boolean hasLearnedPositions() {
    return tree.positions() != null;
  }

  private Tensor embed(Ops ops, PassInputs inputs) {
    Tensor x = ops.embedding(tree.embedding().value(), inputs.ids());
    Tensor scaled = config.embedding().scale() == 1 ? x : ops.scale(x, config.embedding().scale());
    Parameter learned = tree.positions();
    Tensor places = inputs.places();
    return learned == null || places == null ? scaled : ops.add(scaled, ops.embedding(learned.value(), places));
  }

  private Tensor through(Pass pass, int index, Tensor x, RopeTable.@Nullable Angles angles) {
    Tensor y = tree.blocks().get(index).forward(pass, x, angles);
    for (Attachment attachment : behindBlocks) {
      BlockChange change = attachment.blockChange();
      if (change != null && pass.adapters().contains(attachment.name())) {
        Tensor before = y;
        y = pass.ops().local(() -> change.change(pass, index, before));
      }
    }
    return y;
  }

  private Tensor block(Pass pass, int index, Tensor x, RopeTable.@Nullable Angles angles) {
    return switch (pass.recompute()) {
      case NONE -> through(pass, index, x, angles);
      case SELECTIVE -> pass.ops().thrifty(() -> through(pass, index, x, angles));
      case FULL -> pass.ops().checkpoint(x, (ops, in) -> {
        try (Use _ = use()) {
          return through(pass.with(ops), index, in, angles);
        }
      }, angles == null ? new Tensor[0] : new Tensor[] {angles.cos(), angles.sin()});
    };
  }

  /** Logits (n,V) of hidden states (n,C); those of a classifier are (n,classes). */
  public Tensor logits(Pass pass, Tensor hidden) {
    try (Use _ = use()) {
      return head(pass, hidden);
    }
  }

  private Tensor head(Pass pass, Tensor hidden) {
    DecoderConfig.HeadConfig head = config.head();
    Tensor logits = tree.head().forward(pass, hidden);
    Tensor scaled = head.scale() == 1 ? logits : pass.ops().scale(logits, head.scale());
    return head.softCap() == 0 ? scaled : Broadcasts.softCap(pass.ops(), scaled, head.softCap());
  }

  /**
   * Cross-entropy of the next token: {@code sum(weight * nll) / divisor} over the labelled positions. Logits are made
   * in chunks and only for rows that have a label.
   *
   * @param hidden (n,C) from {@link #hidden}
   * @param labels (n), already shifted: the token that should follow; -100 for none
   * @param weights (n) factors, or null for 1
   * @param divisor what the sum is divided by, over 0
   * @return the loss; its {@code nll} has one entry for each labelled position, in order
   */
  public FusedLoss.Loss loss(Pass pass, Tensor hidden, int[] labels, float @Nullable [] weights, double divisor) {
    if (hidden.dim(0) != labels.length || (weights != null && weights.length != labels.length)) {
      throw new IllegalArgumentException("hidden states " + hidden + " need as many labels and weights, got "
          + labels.length + (weights == null ? "" : " and " + weights.length));
    }
    try (Use _ = use()) {
      Ops ops = pass.ops();
      int[] rows = IntStream.range(0, labels.length).filter(i -> labels[i] != -100).toArray();
      Tensor selected = rows.length == labels.length ? hidden : ops.selectRows(hidden, upload(ops, rows));
      int[] targets = Arrays.stream(rows).map(i -> labels[i]).toArray();
      float[] factors = weights == null ? null : new float[rows.length];
      if (weights != null && factors != null) {
        for (int i = 0; i < rows.length; i++) {
          factors[i] = weights[rows[i]];
        }
      }
      List<Tensor> parameters = tree.head().linear().parameters().stream().map(Parameter::value).toList();
      return FusedLoss.crossEntropy(ops, selected, config.head().outputs(), (o, h) -> head(pass.with(o), h),
          parameters, targets, factors, divisor);
    }
  }

  private static Tensor upload(Ops ops, int[] values) {
    Tensor t = ops.scope().tensor(DType.I32, values.length);
    ops.backend().upload(MemorySegment.ofArray(values), t);
    return t;
  }

  /** {@link #train} for every parameter. */
  public void trainFull() {
    train(parameters());
  }

  /** Makes parameters trainable; those that are mapped or not float32 become float32 copies in {@link #scope()}. */
  public void train(Collection<Parameter> parameters) {
    try (Use _ = use()) {
      parameters.forEach(weights::train);
    }
  }

  /** Waits for passes in other threads, then gives the memory and the file back. Closing twice is allowed. */
  @Override
  public void close() {
    guard.close(() -> Closing.all(() -> Closing.each(apart, Scope::close), scope, weights::close));
  }

  @Override
  public String toString() {
    return config.modelType() + " of " + directory + ", " + config.layerCount() + " layers of " + config.hiddenSize();
  }
}

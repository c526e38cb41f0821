package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraBias;
import io.swiftjvm.tuner.LoraInit;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * DoRA (arXiv 2402.09353): the weight as magnitude times direction, {@code m * (W + scale B A) / |W + scale B A|} with
 * one trained magnitude for each output; the norm counts as a constant for the gradient.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", new DoraSpec(LoraSpec.DEFAULT.rank(16)), 42).attach(model);
 * }
 *
 * @param lora rank, alpha, dropout and targets of the low-rank update; no start inside the weight
 */
public record DoraSpec(LoraSpec lora) implements ProjectionSpec {
  /** DoRA on the defaults of {@link LoraSpec#DEFAULT}. */
  public static final DoraSpec DEFAULT = new DoraSpec(LoraSpec.DEFAULT);

  static final String TYPE = "LORA";
  /** Its name among the methods; in a plan it is a switch of LoRA. */
  public static final String NAME = "dora";

  static final String KEY = "use_dora";
  static final TunerMethod<DoraSpec> METHOD =
      TunerMethod.of(NAME, DEFAULT).part(LoraSpec.METHOD, List.of(), DoraSpec::lora, (s, v) -> new DoraSpec(v));

  public DoraSpec {
    if (lora.freezeA() || lora.attention().on() || lora.bias() != LoraBias.NONE || !lora.modulesToSave().isEmpty()) {
      throw new InvalidPlanException("DoRA goes with neither lora_fa nor longlora nor lora_bias nor modules_to_save. Leave them out, or "
          + "use a plain LoRA.");
    }
    if (lora.init() != LoraInit.KAIMING_UNIFORM && lora.init() != LoraInit.GAUSSIAN) {
      throw new InvalidPlanException("DoRA cannot start with " + lora.init() + ". Use KAIMING_UNIFORM or GAUSSIAN.");
    }
  }

  static TunerSpec read(ConfigReader config) {
    if (!config.flag(KEY)) {
      throw config.refusal(KEY, "without it this is a plain LoRA, which AdapterFiles reads");
    }
    return new DoraSpec(AdapterFiles.readSpec(config, Set.of(KEY)));
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public LoraTargets targets() {
    return lora.targets();
  }

  @Override
  public DoraSpec targets(LoraTargets value) {
    return new DoraSpec(lora.targets(value));
  }

  @Override
  public void write(ObjectNode json) {
    ConfigWriter.lora(json, lora);
    json.put(KEY, true);
  }

  @Override
  public @Nullable Double loraPlusRatio() {
    return lora.loraPlusRatio();
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    lora.trained(shapes);
    return ProjectionSpec.super.trained(shapes);
  }

  @Override
  public List<long[]> shapes(Place place) {
    int rank = lora.rankOf(place.path());
    return List.of(new long[] {rank, place.in()}, new long[] {place.out(), rank}, new long[] {place.out()});
  }

  @Override
  public LinearTuner at(Site site) {
    int rank = lora.rankOf(site.path());
    float[] norms = BaseNorms.rows(site);
    Start start = (values, shape, random) -> lora.init().fill(values, rank, site.in(), random);
    Parameter a = site.learnt("lora_A.weight", start, rank, site.in());
    Parameter b = site.learnt("lora_B.weight", Start.ZERO, site.out(), rank);
    Parameter m = site.learnt("lora_magnitude_vector", "lora_magnitude_vector.weight", Start.of(norms), site.out());
    return new Weighted(site.base(), a, b, m, norms, lora.scaleOf(site.path()), lora.dropout());
  }

  /** The arithmetic at one projection. */
  private static final class Weighted implements LinearTuner {
    private final DenseLinear base;
    private final Parameter a;
    private final Parameter b;
    private final Parameter m;
    private final float[] norms;
    private final float scale;
    private final double dropout;

    Weighted(
        DenseLinear base, Parameter a, Parameter b, Parameter m, float[] norms, float scale, double dropout) {
      this.base = base;
      this.a = a;
      this.b = b;
      this.m = m;
      this.norms = norms;
      this.scale = scale;
      this.dropout = dropout;
    }

    @Override
    public Tensor forward(Call call, Tensor x) {
      Ops ops = call.ops();
      Tensor y = call.inner(x);
      Tensor dropped = call.dropped(x, dropout);
      Tensor plain = withoutBias(ops, dropped == x ? y : call.inner(dropped));
      Tensor update = ops.linear(ops.linear(dropped, a.value(), null), b.value(), null);
      Tensor sum = Broadcasts.multiplyRow(ops, ops.add(plain, ops.scale(update, scale)), ratio(ops));
      // What dropout and bias leave of y is not weighted.
      return plain == y ? sum : ops.add(sum, ops.add(y, ops.scale(plain, -1)));
    }

    @Override
    public Tensor weight(Ops ops, Tensor w) {
      Tensor sum = ops.add(w, ops.scale(Matrices.multiply(ops, b.value(), a.value()), scale));
      return Broadcasts.multiplyColumn(ops, sum, ratio(ops));
    }

    private Tensor withoutBias(Ops ops, Tensor y) {
      Parameter bias = base.bias();
      return bias == null ? y
          : Broadcasts.addRow(ops, y, ops.scale(Broadcasts.wide(ops, bias.value().detached()), -1));
    }

    private Tensor ratio(Ops ops) {
      return ops.multiply(m.value(), inverseNorms(new Ops(ops.backend(), null, ops.scope())));
    }

    // |w + s b a|^2 = |w|^2 + 2 s w . b a + s^2 |b a|^2 for every row: no matrix of the weight's size is made.
    private Tensor inverseNorms(Ops ops) {
      Tensor left = a.value().detached();
      Tensor right = b.value().detached();
      Tensor w = Broadcasts.wide(ops, base.weight().value().detached());
      Tensor mixed = Matrices.multiply(ops, w, base.transposed(), left, true);
      Tensor cross = Broadcasts.sumColumns(ops, ops.multiply(mixed, right));
      Tensor gram = Matrices.multiply(ops, left, false, left, true);
      Tensor own = Broadcasts.sumColumns(ops, ops.multiply(Matrices.multiply(ops, right, gram), right));
      float[] crossed = read(ops, cross);
      float[] result = read(ops, own);
      for (int i = 0; i < result.length; i++) {
        double square = (double) norms[i] * norms[i] + 2.0 * scale * crossed[i] + (double) scale * scale * result[i];
        result[i] = (float) (1 / Math.sqrt(square));
      }
      Tensor inverse = ops.floats(result.length);
      ops.backend().upload(MemorySegment.ofArray(result), inverse);
      return inverse;
    }

    private static float[] read(Ops ops, Tensor x) {
      float[] values = new float[Math.toIntExact(x.size())];
      ops.backend().download(x, MemorySegment.ofArray(values));
      return values;
    }
  }
}

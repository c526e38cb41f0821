package io.swiftjvm.tuner.method;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.model.BlockChange;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelTransform;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tuner.Adapters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts a fresh trainable adapter of any method on the chosen projections. A transform must not run while the model is
 * in use by another thread.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", OftSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param name the adapter's name; passes choose adapters by it
 * @param spec the method and its settings
 * @param seed start values depend on seed and tensor name alone
 */
public record TunerTransform(String name, TunerSpec spec, long seed) implements ModelTransform {
  @Override
  public void apply(CausalLm model) {
    attach(model);
  }

  /** Attaches and returns the handle by which the adapter is trained and saved. */
  public TunerAdapter attach(CausalLm model) {
    return attach(model, null, true);
  }

  /** Attaches with the values of {@code file} if there is one. */
  TunerAdapter attach(CausalLm model, @Nullable SafetensorsFile file, boolean trainable) {
    Adapters.checkNew(model, name, spec instanceof ModuleSpec);
    String problem = spec.problem();
    if (problem != null) {
      throw new InvalidPlanException(problem);
    }
    try (Scope scope = model.scope().child()) {
      AdapterTensors tensors = new AdapterTensors(model, name, file, seed, trainable, scope);
      return switch (spec) {
        case ProjectionSpec projections -> wrap(model, projections, tensors);
        case ModuleSpec modules -> {
          ModuleChange change = modules.attach(tensors);
          tensors.refuseRest();
          tensors.keep();
          change.apply();
          yield new TunerAdapter(model, name, spec, change.modules(), tensors, change, null, null);
        }
        case PromptSpec prompt -> {
          PromptEncoder encoder = prompt.encoder(tensors);
          tensors.refuseRest();
          tensors.keep();
          encoder.updated(model.backend());
          yield new TunerAdapter(model, name, spec, List.of(), tensors, null, encoder, null);
        }
        case BlockSpec blocks -> {
          BlockChange change = blocks.at(tensors);
          tensors.refuseRest();
          tensors.keep();
          yield new TunerAdapter(model, name, spec, List.of(), tensors, null, null, change);
        }
        case XLoraSpec given -> {
          XLoraSpec mix = file == null ? given.attached(model) : given;
          XLora classifier = new XLora(tensors, mix, name);
          tensors.refuseRest();
          tensors.keep();
          classifier.apply();
          yield new TunerAdapter(model, name, mix, classifier.paths(), tensors, null, classifier, null);
        }
      };
    }
  }

  private TunerAdapter wrap(CausalLm model, ProjectionSpec projections, AdapterTensors tensors) {
    Map<String, Linear> linears = model.linears();
    List<String> order = List.copyOf(linears.keySet());
    List<String> paths = tensors.loaded() ? projections.targets().matches(order)
        : projections.targets().select(order);
    if (paths.isEmpty()) {
      throw tensors.refusal("its target_modules name no projection of this model");
    }
    Adapters.checkTied(model, paths);
    List<Site> sites = new ArrayList<>();
    linears.forEach((path, linear) -> {
      if (paths.contains(path)) {
        sites.add(new Site(path, linear, tensors, sites));
      }
    });
    sites.forEach(site -> projections.fit(site.place(), !tensors.loaded()));
    List<LinearTuner> tuners = sites.stream().map(projections::at).toList();
    tensors.refuseRest();
    tensors.keep();
    for (int i = 0; i < sites.size(); i++) {
      Site site = sites.get(i);
      LinearTuner tuner = tuners.get(i);
      model.replaceLinear(site.path(),
          inner -> new TunedLinear(inner, name, order.indexOf(site.path()), tuner, site.parameters()));
    }
    return new TunerAdapter(model, name, spec, paths, tensors, null, null, null);
  }
}

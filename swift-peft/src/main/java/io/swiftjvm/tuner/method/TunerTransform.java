package io.swiftjvm.tuner.method;

import io.swiftjvm.hub.SafetensorsFile;
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
    return attach(model, spec.targets().select(List.copyOf(model.linears().keySet())), null, true);
  }

  /** Attaches to the projections at {@code paths}, with the values of {@code file} if there is one. */
  TunerAdapter attach(CausalLm model, List<String> paths, @Nullable SafetensorsFile file, boolean trainable) {
    Adapters.checkNew(model, name);
    Adapters.checkTied(model, paths);
    Map<String, Linear> linears = model.linears();
    List<String> order = List.copyOf(linears.keySet());
    try (Scope scope = model.scope().child()) {
      AdapterTensors tensors = new AdapterTensors(model, name, file, seed, trainable, scope);
      List<Site> sites = new ArrayList<>();
      for (String path : paths) {
        Linear linear = linears.get(path);
        if (linear != null) {
          sites.add(new Site(path, linear, tensors, sites));
        }
      }
      List<LinearTuner> tuners = sites.stream().map(spec::at).toList();
      tensors.refuseRest();
      tensors.keep();
      for (int i = 0; i < sites.size(); i++) {
        Site site = sites.get(i);
        LinearTuner tuner = tuners.get(i);
        model.replaceLinear(site.path(),
            inner -> new TunedLinear(inner, name, order.indexOf(site.path()), tuner, site.parameters()));
      }
      return new TunerAdapter(model, name, spec, paths, tensors);
    }
  }
}

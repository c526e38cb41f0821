package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.method.TunerFiles;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Puts adapters on the model and takes them off, between passes: at the start, at the end, and by
 * {@code POST /v1/load_lora_adapter} and {@code POST /v1/unload_lora_adapter} for those who may.
 */
final class AdapterDesk implements AutoCloseable {
  private static final int NAME = 64;

  private final Engine engine;
  private final ModelNames names;
  private final ServeOptions options;
  /** Those that are on the model, also ones whose last requests still run. */
  private final Map<String, Scope> attached = new LinkedHashMap<>();

  AdapterDesk(Engine engine, ModelNames names, ServeOptions options) {
    this.engine = engine;
    this.names = names;
    this.options = options;
  }

  synchronized void attach(String name, Path folder) {
    CausalLm model = engine.model();
    engine.betweenPasses(() -> attached.put(
        name, model.apart(() -> TunerFiles.attachAny(model, folder, name, false))));
    names.add(name);
  }

  private synchronized void detach(String name) {
    Scope memory = attached.remove(name);
    if (memory != null) {
      engine.betweenPasses(() -> {
        Adapters.of(engine.model(), name).detach();
        engine.model().giveBack(memory);
      });
    }
  }

  void load(Call call, Json json) throws IOException {
    Path root = allowed(call);
    String name = call.fields().requiredText("lora_name");
    if (name.isBlank() || name.length() > NAME || name.indexOf('.') >= 0) {
      throw ApiException.invalid("lora_name", "lora_name must have 1 to " + NAME + " characters and no dot.");
    }
    Path folder = folder(root, call.fields().requiredText("lora_path"));
    synchronized (this) {
      if (names.has(name) || attached.containsKey(name)) {
        throw ApiException.invalid("lora_name", "There is a model called '" + Text.brief(name) + "' already.");
      }
      try {
        attach(name, folder);
      } catch (SwiftException e) {
        options.failures().accept(e);
        throw ApiException.invalid("lora_path", "At lora_path is no adapter in PEFT's format that fits this model.");
      }
    }
    call.json(json.bytes(names.card(name)));
  }

  void unload(Call call, Json json) throws IOException {
    allowed(call);
    String name = call.fields().requiredText("lora_name");
    if (name.equals(names.base())) {
      throw ApiException.invalid("lora_name", "'" + Text.brief(name) + "' is the model itself, no adapter.");
    }
    names.adapters(name);
    names.remove(name, () -> detach(name));
    call.json(json.bytes(
        JsonNodeFactory.instance.objectNode().put("id", name).put("object", "model").put("deleted", true)));
  }

  private Path allowed(Call call) {
    Path root = options.adapters().root();
    if (root == null) {
      throw ApiException.forbidden("This server does not change its adapters; it was started without a folder for them.");
    }
    if (!call.admin()) {
      throw ApiException.forbidden("This key may not change the adapters of the server.");
    }
    return root;
  }

  /** The folder really meant, which must lie under the root. */
  private static Path folder(Path root, String given) {
    try {
      Path top = root.toRealPath();
      Path folder = top.resolve(given).toRealPath();
      if (folder.startsWith(top) && !folder.equals(top)) {
        return folder;
      }
    } catch (IOException | InvalidPathException e) {
      // what is not there and what may not be seen look the same from outside
    }
    throw ApiException.invalid("lora_path", "lora_path names no folder inside the server's folder of adapters.");
  }

  /** Takes off what was put on. */
  @Override
  public synchronized void close() {
    Closing.each(Set.copyOf(attached.keySet()), this::detach);
  }
}

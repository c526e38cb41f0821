package io.swiftjvm.quant;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.HostView;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Packed weights in {@code .swift/<spec>.safetensors} of a model folder: bytes as they lie in memory, to be mapped. The
 * file names the checkpoint's files with sizes and times; when these are others, it is made anew.
 */
final class QuantCache {
  private static final Logger LOG = System.getLogger(QuantCache.class.getName());
  /** Changes with the layout of the packed types, and with the rule that chooses their codes. */
  private static final String LAYOUT = "3";
  private static final String FOLDER = ".swift";

  private final CausalLm model;
  private final QuantSpec spec;
  private final Path file;

  QuantCache(CausalLm model, QuantSpec spec) {
    this.model = model;
    this.spec = spec;
    this.file = model.directory().resolve(FOLDER).resolve(spec.type().shortName()
        + (spec.doubleQuant() ? "_double" : "") + ".safetensors");
  }

  /** Gives every projection its packed weight, from the file if it is right. */
  void apply(Map<String, DenseLinear> linears) {
    SafetensorsFile stored = open(linears);
    if (stored == null) {
      write(linears);
      stored = SafetensorsFile.open(file);
    }
    SafetensorsFile source = stored;
    AtomicInteger users = new AtomicInteger(linears.size() + 1);
    Runnable release = () -> {
      if (users.decrementAndGet() == 0) {
        source.close();
      }
    };
    linears.forEach((path, dense) -> QuantSpec.replace(model, path, dense,
        tensor(source.entry(path).data(), type(path), dense.weight().value().shape(), release)));
    release.run();
  }

  private Tensor tensor(MemorySegment data, DType type, long[] shape, Runnable release) {
    Backend backend = model.backend();
    if (HostView.direct(backend)) {
      Storage storage = Storage.external(data, release);
      model.scope().adopt(storage);
      return Tensor.of(storage, type, shape);
    }
    Tensor copy = model.scope().tensor(type, shape);
    backend.upload(data, copy);
    release.run();
    return copy;
  }

  private DType type(String path) {
    DType type = spec.type(path);
    return type == null ? spec.type() : type;
  }

  private @Nullable SafetensorsFile open(Map<String, DenseLinear> linears) {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    SafetensorsFile stored;
    try {
      stored = SafetensorsFile.open(file);
    } catch (ModelFormatException e) {
      LOG.log(Level.WARNING, "{0} is damaged and made anew: {1}", file, e.getMessage());
      return null;
    }
    boolean right = stored.metadata().equals(description(linears)) && linears.entrySet().stream().allMatch(entry -> {
      Tensor weight = entry.getValue().weight().value();
      String path = entry.getKey();
      return stored.names().contains(path)
          && stored.entry(path).data().byteSize() == type(path).bytes(weight.rows(), weight.columns());
    });
    if (!right) {
      LOG.log(Level.INFO, "{0} belongs to other weights and is made anew", file);
      stored.close();
      return null;
    }
    return stored;
  }

  private void write(Map<String, DenseLinear> linears) {
    Backend backend = model.backend();
    try (Scope scope = new Scope(backend); Arena host = Arena.ofConfined()) {
      SafetensorsWriter writer = new SafetensorsWriter().metadata(description(linears));
      linears.forEach((path, dense) -> {
        Tensor packed = spec.quantised(model, scope, path, dense);
        MemorySegment data = HostView.of(backend, packed, host);
        writer.add(path, DType.U8, new long[] {data.byteSize()}, data);
      });
      Files.createDirectories(model.directory().resolve(FOLDER));
      writer.write(file);
    } catch (IOException | UncheckedIOException | CheckpointException e) {
      throw new ModelFormatException("Cannot keep the quantised weights in " + file + ": " + e.getMessage()
          + ". Make the folder writable, or leave out quant_cache.", e);
    }
  }

  /** What the file was made of and how. */
  private Map<String, String> description(Map<String, DenseLinear> linears) {
    try (Stream<Path> files = Files.list(model.directory())) {
      List<Path> weights = files.filter(path -> path.toString().endsWith(".safetensors")).sorted().toList();
      String source = weights.stream().map(QuantCache::fingerprint).collect(Collectors.joining(" "));
      // The same files loaded in another type (torch_dtype) have other values.
      String types = linears.values().stream().map(dense -> dense.weight().value().dtype().shortName()).distinct()
          .sorted().collect(Collectors.joining(" "));
      return Map.of("layout", LAYOUT, "spec", spec.cached(false).toString(), "source", source, "weights", types);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String fingerprint(Path path) {
    try {
      return path.getFileName() + ":" + Files.size(path) + ":" + Files.getLastModifiedTime(path).toMillis();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

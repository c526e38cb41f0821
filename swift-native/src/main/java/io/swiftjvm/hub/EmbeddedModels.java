package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Models on the class path, under {@code io/swiftjvm/models/NAME/} with their files listed in {@code files.txt}. From a
 * jar they are unpacked, since a jar entry cannot be mapped; from a class folder they are used where they lie.
 */
final class EmbeddedModels {
  private static final String LIST = "files.txt";
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");
  private static final Pattern FILE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private final ClassLoader loader;

  EmbeddedModels(ClassLoader loader) {
    this.loader = loader;
  }

  /** The models on the library's own class path. */
  static EmbeddedModels ofLibrary() {
    ClassLoader own = EmbeddedModels.class.getClassLoader();
    return new EmbeddedModels(own == null ? ClassLoader.getSystemClassLoader() : own);
  }

  boolean exists(String model) {
    return NAME.matcher(model).matches() && resource(model, LIST) != null;
  }

  ModelSource open(String model, @Nullable Path cacheDir) {
    try {
      Path there = plainFolder(model);
      if (there != null) {
        return new ModelSource(model, ModelSource.Kind.EMBEDDED, there, () -> {});
      }
      if (cacheDir == null) {
        Path folder = Files.createTempDirectory("swift-model-");
        unpack(model, folder);
        return new ModelSource(model, ModelSource.Kind.EMBEDDED, folder, () -> delete(folder));
      }
      return new ModelSource(model, ModelSource.Kind.EMBEDDED, cached(model, cacheDir), () -> {});
    } catch (IOException e) {
      throw new ModelFormatException("Cannot unpack the embedded model '" + model + "': " + e
          + ". Check the free space, or give another cache folder.", e);
    }
  }

  /** Unpacks beside the final place and renames, so that two processes never see half a model. */
  private Path cached(String model, Path cacheDir) throws IOException {
    Path folder = cacheDir.resolve("embedded").resolve(model + "-" + fingerprint(model));
    if (Files.isDirectory(folder)) {
      return folder;
    }
    Files.createDirectories(cacheDir.resolve("embedded"));
    Path part = Files.createTempDirectory(cacheDir.resolve("embedded"), model + ".tmp-");
    try {
      unpack(model, part);
      Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    } finally {
      delete(part);
    }
    return folder;
  }

  // Names the content, so that a new version of the library does not take the model of an old one.
  private String fingerprint(String model) throws IOException {
    CRC32 crc = new CRC32();
    for (String file : files(model)) {
      crc.update(bytes(model, file));
    }
    return Long.toHexString(crc.getValue());
  }

  private void unpack(String model, Path folder) throws IOException {
    try {
      for (String file : files(model)) {
        Files.write(folder.resolve(file), bytes(model, file));
      }
    } catch (IOException e) {
      delete(folder);
      throw e;
    }
  }

  private List<String> files(String model) throws IOException {
    List<String> files = new String(bytes(model, LIST), StandardCharsets.UTF_8).lines()
        .map(String::strip).filter(line -> !line.isEmpty()).toList();
    for (String file : files) {
      if (!FILE.matcher(file).matches()) {
        throw new IOException(LIST + " names '" + StrictJson.shown(file) + "', which is not a plain file name");
      }
    }
    return files;
  }

  private byte[] bytes(String model, String file) throws IOException {
    URL url = resource(model, file);
    if (url == null) {
      throw new IOException(LIST + " names '" + file + "', which is not on the class path");
    }
    try (InputStream in = url.openStream()) {
      return in.readAllBytes();
    }
  }

  private @Nullable Path plainFolder(String model) throws IOException {
    URL list = resource(model, LIST);
    if (list == null || !list.getProtocol().equals("file")) {
      return null;
    }
    try {
      return Path.of(new URI(list.toString())).getParent();
    } catch (URISyntaxException e) {
      throw new IOException("bad resource address " + list, e);
    }
  }

  private @Nullable URL resource(String model, String file) {
    return loader.getResource("io/swiftjvm/models/" + model + "/" + file);
  }

  private static void delete(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      System.getLogger(EmbeddedModels.class.getName())
          .log(System.Logger.Level.WARNING, "could not delete the unpacked model " + folder, e);
    }
  }
}

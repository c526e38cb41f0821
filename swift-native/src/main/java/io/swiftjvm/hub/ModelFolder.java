package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder whose files may not lead out of it. A name is a plain file name; the file behind it must be a regular file
 * that really lies under the folder, or under {@code blobs} when the folder is a snapshot of the Hugging Face cache.
 */
public final class ModelFolder {
  private final Path root;
  private final List<Path> allowed;

  private ModelFolder(Path root, List<Path> allowed) {
    this.root = root;
    this.allowed = allowed;
  }

  /** The folder at {@code root}; {@link ModelFormatException} when it is none. */
  public static ModelFolder of(Path root) {
    if (!Files.isDirectory(root)) {
      String found = Files.exists(root) ? "it is not a folder" : "there is no such folder";
      throw new ModelFormatException(
          "Cannot open the model folder " + root + ": " + found + ". Pass the folder of config.json.");
    }
    try {
      Path real = root.toRealPath();
      return new ModelFolder(root, blobs(real).map(blobs -> List.of(real, blobs)).orElseGet(() -> List.of(real)));
    } catch (IOException e) {
      throw new ModelFormatException("Cannot open the model folder " + root + ": " + e, e);
    }
  }

  // A sub-folder of a snapshot has its bytes in the same place.
  private static Optional<Path> blobs(Path folder) {
    for (Path at = folder.getParent(); at != null; at = at.getParent()) {
      Path repository = at.getParent();
      if (repository != null && at.endsWith("snapshots")) {
        return Optional.of(repository.resolve("blobs"));
      }
    }
    return Optional.empty();
  }

  /** The folder as it was given. */
  public Path path() {
    return root;
  }

  /** The file called {@code name}, when it is there. */
  public Optional<Path> find(String name) {
    checkPlain(name);
    return Files.exists(root.resolve(name)) ? Optional.of(file(name)) : Optional.empty();
  }

  /** The file called {@code name}; {@link ModelFormatException} when it is missing, special or outside the folder. */
  public Path file(String name) {
    checkPlain(name);
    Path file = root.resolve(name);
    if (!Files.exists(file)) {
      throw refusal(name, "there is no such file", "Complete the folder");
    }
    if (!Files.isRegularFile(file)) {
      throw refusal(name, "it is not a regular file", "Replace it by the file itself");
    }
    try {
      Path real = file.toRealPath();
      if (allowed.stream().noneMatch(real::startsWith)) {
        throw refusal(name, "it is a link that leads out of the folder, to " + real, "Copy the file into the folder");
      }
    } catch (IOException e) {
      throw new ModelFormatException("Cannot open " + file + ": " + e, e);
    }
    return file;
  }

  /** Names of all files here whose name ends with one of {@code endings}, sorted. */
  public List<String> list(String... endings) {
    try (Stream<Path> files = Files.list(root)) {
      return files.map(file -> String.valueOf(file.getFileName()))
          .filter(name -> Stream.of(endings).anyMatch(name::endsWith))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new ModelFormatException("Cannot list the model folder " + root + ": " + e, e);
    }
  }

  private void checkPlain(String name) {
    boolean plain = !name.isBlank() && !name.equals(".") && !name.equals("..") && name.length() <= 255
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ' || c == 0x7f);
    if (!plain) {
      throw refusal(StrictJson.shown(name), "it is not a plain file name", "Use names without folders and schemes");
    }
  }

  private ModelFormatException refusal(String name, String found, String advice) {
    return new ModelFormatException("Cannot open '" + name + "' in " + root + ": " + found + ". " + advice + ".");
  }
}

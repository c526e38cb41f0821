package io.swiftjvm.train.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code manifest.json}: size and SHA-256 of every file of a checkpoint; written last, so its presence means whole. */
final class Manifest {
  static final String FILE = "manifest.json";

  private Manifest() {}

  static void write(Path folder) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("format", 1);
    ObjectNode files = json.putObject("files");
    for (Path file : files(folder)) {
      ObjectNode entry = files.putObject(name(folder, file));
      entry.put("size", Files.size(file));
      entry.put("sha256", sum(file));
    }
    AtomicFile.write(folder.resolve(FILE), json.toPrettyString() + "\n");
  }

  static void verify(Path folder) {
    verify(folder, folder);
  }

  /** Verifies {@code folder}; messages call it {@code shown}. */
  static void verify(Path folder, Path shown) {
    try {
      if (!Files.isRegularFile(folder.resolve(FILE))) {
        throw refusal(shown, "it has no " + FILE + ", so its writing was not finished or it is no checkpoint of ours");
      }
      JsonNode files = StrictJson.readObject(folder.resolve(FILE)).path("files");
      List<Path> found = files(folder);
      for (Path file : found) {
        if (!files.has(name(folder, file))) {
          throw refusal(shown, name(folder, file) + " is not in its manifest");
        }
      }
      for (Map.Entry<String, JsonNode> entry : files.properties()) {
        Path file = folder.resolve(entry.getKey()).normalize();
        if (!found.contains(file)) {
          throw refusal(shown, entry.getKey() + " is missing");
        }
        if (Files.size(file) != entry.getValue().path("size").asLong(-1)
            || !sum(file).equals(entry.getValue().path("sha256").asText())) {
          throw refusal(shown, entry.getKey() + " is not what was written (size or SHA-256 differ)");
        }
      }
    } catch (IOException e) {
      throw new CheckpointException("Cannot read the checkpoint " + shown + ": " + e + ". Continue another one.", e);
    } catch (CheckpointException e) {
      throw e;
    } catch (SwiftException e) {
      throw new CheckpointException("Cannot use the checkpoint " + shown + ": " + e.getMessage(), e);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile)
          .filter(file -> !file.equals(folder.resolve(FILE)))
          .map(Path::normalize).sorted().toList();
    }
  }

  private static String name(Path folder, Path file) {
    return folder.normalize().relativize(file).toString().replace('\\', '/');
  }

  private static String sum(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 20];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java platform has SHA-256
    }
  }

  private static CheckpointException refusal(Path folder, String found) {
    return new CheckpointException("Cannot use the checkpoint " + folder + ": " + found + ". Continue another one.");
  }
}

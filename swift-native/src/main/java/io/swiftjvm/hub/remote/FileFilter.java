package io.swiftjvm.hub.remote;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which files of a repository are fetched: not the weights in formats that are not read here. */
final class FileFilter {
  private static final List<String> ENDINGS =
      List.of(".zip", ".gguf", ".pth", ".pt", ".safetensors.md", ".msgpack", ".onnx", ".ot", ".h5");
  private static final List<String> STARTS = List.of("consolidated", "onnx/", ".git/");

  private FileFilter() {}

  /**
   * Those of {@code files} that are wanted.
   *
   * @param subfolder only what lies under it; null = everything
   * @param weights false leaves out weights too
   */
  static List<RemoteFile> select(List<RemoteFile> files, @Nullable String subfolder, boolean weights) {
    List<RemoteFile> wanted = files.stream()
        .filter(file -> subfolder == null || file.path().startsWith(subfolder + "/"))
        .filter(file -> isWanted(subfolder == null ? file.path() : file.path().substring(subfolder.length() + 1)))
        .toList();
    boolean safe = wanted.stream().anyMatch(file -> file.path().endsWith(".safetensors"));
    return wanted.stream()
        .filter(file -> !((safe || !weights) && file.path().endsWith(".bin")))
        .filter(file -> weights || !file.path().endsWith(".safetensors"))
        .toList();
  }

  private static boolean isWanted(String path) {
    String lower = path.toLowerCase(Locale.ROOT);
    return ENDINGS.stream().noneMatch(lower::endsWith) && STARTS.stream().noneMatch(lower::startsWith);
  }
}

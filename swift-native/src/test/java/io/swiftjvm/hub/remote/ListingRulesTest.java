package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.HubException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListingRulesTest {
  private static RemoteFile file(String path) {
    return new RemoteFile(path, 1, null, null);
  }

  private static List<String> selected(String subfolder, String... paths) {
    return FileFilter.select(Stream.of(paths).map(ListingRulesTest::file).toList(), subfolder, true).stream()
        .map(RemoteFile::path).toList();
  }

  @Test
  void formats_that_are_not_read_are_left_on_the_hub() {
    assertThat(selected(null, "config.json", "a.zip", "q4.gguf", "x.pth", "x.pt", "consolidated.00.safetensors",
        "onnx/model.onnx_data", "model.safetensors.md", "flax.msgpack", "m.onnx", "r.ot", "tf.h5", "tokenizer.json",
        "sub/onnx/keep.json", "model.safetensors"))
        .containsExactly("config.json", "tokenizer.json", "sub/onnx/keep.json", "model.safetensors");
  }

  @Test
  void pickled_weights_are_fetched_only_where_there_is_nothing_better() {
    assertThat(selected(null, "pytorch_model.bin", "model.safetensors")).containsExactly("model.safetensors");
    assertThat(selected(null, "pytorch_model.bin", "config.json")).containsExactly("pytorch_model.bin", "config.json");
  }

  @Test
  void without_weights_the_rest_is_fetched() {
    List<RemoteFile> files = List.of(file("a.safetensors"), file("a.bin"), file("a.safetensors.index.json"));
    assertThat(FileFilter.select(files, null, false)).containsExactly(file("a.safetensors.index.json"));
  }

  @Test
  void a_sub_folder_is_fetched_alone() {
    assertThat(selected("x/y", "config.json", "x/y/config.json", "x/y/consolidated.pth", "x/yz/a.json", "x/y/d/e.json"))
        .containsExactly("x/y/config.json", "x/y/d/e.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../a", "a/../../b", "/etc/passwd", "a\\..\\b", "C:/x", "a\0b", "", "a//b", "./a", "a/.",
      "a\nb", " ", "a/ /b"})
  void a_path_that_could_leave_the_folder_is_refused(String path) {
    assertThatThrownBy(() -> RemotePaths.check(new Listing("c", List.of(file(path)))))
        .isInstanceOfSatisfying(HubException.class,
            e -> assertThat(e.reason()).isEqualTo(HubException.Reason.REFUSED));
    assertThatThrownBy(() -> RemotePaths.under(Path.of("root"), path)).isInstanceOf(HubException.class);
  }

  @Test
  void a_listing_has_limits() {
    List<RemoteFile> many = Collections.nCopies(RemotePaths.MAX_FILES + 1, file("a"));
    assertThatThrownBy(() -> RemotePaths.check(new Listing("c", many)))
        .hasMessageContaining("10001 files");
    assertThatThrownBy(() -> RemotePaths.check(new Listing("c", List.of(file("a"), file("A")))))
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> RemotePaths.check(new Listing("c", List.of(new RemoteFile("a", -1, null, null)))))
        .hasMessageContaining("-1 bytes");
    assertThatThrownBy(() -> RemotePaths.check(new Listing("c", List.of(
        new RemoteFile("a", RemotePaths.MAX_BYTES, null, null), new RemoteFile("b", 1, null, null)))))
        .hasMessageContaining("together");
    assertThatCode(() -> RemotePaths.check(new Listing("c", List.of(file("a b/ü.json"))))).doesNotThrowAnyException();
  }

  @Test
  void addresses_keep_slashes_and_encode_the_rest() {
    assertThat(RemotePaths.encode("a b/c+d#e?.json")).isEqualTo("a%20b/c%2Bd%23e%3F.json");
    assertThat(RemotePaths.encodeName("refs/pr/1")).isEqualTo("refs%2Fpr%2F1");
  }
}

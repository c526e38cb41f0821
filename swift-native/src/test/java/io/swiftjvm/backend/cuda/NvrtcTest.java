package io.swiftjvm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import io.swiftjvm.error.DeviceException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sources by NVIDIA's own compiler library, where there is one ({@code -Dswift.nvrtc.path}); it needs no card. */
class NvrtcTest {
  private static final Pattern KERNEL = Pattern.compile("\\b(?:KERNEL|BLOCK_KERNEL|ATTENTION\\w*|MATMUL)\\(\\s*(?:\\w+, )*(swift_\\w+)");
  private static final Pattern ENTRY = Pattern.compile("\\.entry (swift_\\w+)");

  private static String compiled(String source, int capability) {
    try {
      return new String(Nvrtc.compile(source, capability), StandardCharsets.UTF_8);
    } catch (DeviceException e) {
      return e.getMessage().contains("was not found") ? abort(e.getMessage()) : fail(e);
    }
  }

  private static String fail(DeviceException e) {
    throw e;
  }

  private static Set<String> names(Pattern pattern, String text) {
    Set<String> names = new TreeSet<>();
    pattern.matcher(text).results().forEach(found -> names.add(found.group(1)));
    return names;
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 86, 89, 90, 100})
  void every_kernel_compiles_for_every_card(int capability) {
    String source = KernelSources.text();
    String ptx = compiled(source, capability);
    assertThat(ptx).contains(".target sm_" + capability);
    Set<String> made = names(ENTRY, ptx);
    assertThat(made).contains("swift_fill", "swift_matmul", "swift_matmul_bf16", "swift_matmul_tf32", "swift_attention_64",
        "swift_attention_dkv_256");
    Set<String> written = names(KERNEL, source.replaceAll("(?m)^#define.*", ""));
    assertThat(made).containsAll(written);
  }

  @Test
  void a_text_that_does_not_compile_is_told_with_its_log() {
    compiled("extern \"C\" __global__ void swift_nothing() {}", 80);
    assertThatThrownBy(() -> Nvrtc.compile("extern \"C\" __global__ void swift_wrong() { nonsense; }", 80))
        .isInstanceOf(DeviceException.class).hasMessageContaining("nonsense");
  }
}

package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFuzzTest {
  private static final int ROUNDS = 4000;
  private static final byte[] TELLING = "0123456789-,:{}[]\"FBIU\\".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path folder;

  @Test
  void a_mutated_file_loads_or_is_refused_and_nothing_else() throws IOException {
    Path valid = folder.resolve("valid.safetensors");
    new SafetensorsWriter()
        .add("model.a", new long[] {3, 2}, new float[6])
        .add("model.b", DType.BF16, new long[] {5}, MemorySegment.ofArray(new byte[10]))
        .add("model.c", DType.I64, new long[0], MemorySegment.ofArray(new byte[8]))
        .write(valid);
    byte[] good = Files.readAllBytes(valid);
    Path file = folder.resolve("mutated.safetensors");
    Random random = new Random(7);
    int loaded = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Files.write(file, mutate(good, random));
      try (SafetensorsFile mutated = SafetensorsFile.open(file)) {
        for (String name : mutated.names()) {
          byte[] all = mutated.entry(name).data().toArray(ValueLayout.JAVA_BYTE);
          assertThat(all).hasSizeLessThanOrEqualTo(good.length + 8);
        }
        loaded++;
      } catch (ModelFormatException e) {
        assertThat(e).hasMessageContaining("mutated.safetensors");
      }
    }
    assertThat(loaded).isBetween(1, ROUNDS - 1);
  }

  private static byte[] mutate(byte[] good, Random random) {
    byte[] bytes = good.clone();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] = TELLING[random.nextInt(TELLING.length)];
        case 2 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        default -> bytes = Arrays.copyOf(bytes, Math.max(0, bytes.length - 4 + random.nextInt(9)));
      }
      if (bytes.length == 0) {
        return bytes;
      }
    }
    return bytes;
  }
}

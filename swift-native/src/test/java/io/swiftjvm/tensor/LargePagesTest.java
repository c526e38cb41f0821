package io.swiftjvm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class LargePagesTest {
  private static final long LARGE = 2 << 20;

  /** True if the process has a mapping that holds this address. */
  private static boolean mapped(long address) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.map(line -> line.substring(0, line.indexOf(' ')).split("-")).anyMatch(range ->
          Long.parseUnsignedLong(range[0], 16) <= address && address < Long.parseUnsignedLong(range[1], 16));
    }
  }

  @Test
  void memory_is_zero_begins_at_a_large_page_and_goes_back_in_parts() throws IOException {
    long bytes = 5 * LARGE + LargePages.UNIT;
    long at = LargePages.reserve(bytes);
    assumeTrue(at != 0);
    assertThat(at % LARGE).isZero();
    try (Arena rest = Arena.ofShared()) {
      MemorySegment first;
      try (Arena part = Arena.ofShared()) {
        first = LargePages.segment(at, LargePages.UNIT, part);
        first.fill((byte) 7);
      }
      assertThatIllegalStateException().isThrownBy(() -> first.get(ValueLayout.JAVA_BYTE, 0));
      MemorySegment others = LargePages.segment(at + LargePages.UNIT, bytes - LargePages.UNIT, rest);
      assertThat(others.get(ValueLayout.JAVA_LONG, others.byteSize() - 8)).isZero();
      others.set(ValueLayout.JAVA_LONG, others.byteSize() - 8, 1);
      assertThat(mapped(at + bytes - 1)).isTrue();
    }
  }

  @Test
  void more_than_there_is_is_none() {
    assertThat(LargePages.reserve(1L << 60)).isZero();
  }
}

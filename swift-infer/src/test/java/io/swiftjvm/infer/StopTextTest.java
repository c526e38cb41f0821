package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopTextTest {
  private static String run(List<String> stops, boolean include, List<String> pieces) {
    StopText stop = new StopText(stops, include);
    StringBuilder shown = new StringBuilder();
    pieces.forEach(piece -> shown.append(stop.push(piece)));
    return shown.append(stop.end()).toString();
  }

  /** The definition: cut where the first stop text is complete, at the start of the longest one that ends there. */
  private static String reference(String text, List<String> stops, boolean include) {
    for (int end = 1; end <= text.length(); end++) {
      String head = text.substring(0, end);
      int longest = stops.stream().filter(head::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return include ? head : head.substring(0, end - longest);
      }
    }
    return text;
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("aab日c".charAt(random.nextInt(5)));
    }
    return text.toString();
  }

  @Test
  void the_cut_is_the_same_however_the_text_arrives() {
    Random random = new Random(1);
    for (int round = 0; round < 5000; round++) {
      String text = letters(random, random.nextInt(40));
      List<String> stops = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        stops.add(letters(random, 1 + random.nextInt(5)));
      }
      List<String> pieces = new ArrayList<>();
      for (int at = 0; at < text.length(); ) {
        int next = Math.min(text.length(), at + random.nextInt(6));
        pieces.add(text.substring(at, next));
        at = next;
      }
      boolean include = random.nextBoolean();
      assertThat(run(stops, include, pieces)).as(text + " " + stops + " " + pieces)
          .isEqualTo(reference(text, stops, include));
    }
  }

  @Test
  void only_what_may_become_a_stop_text_is_held_back() {
    StopText stop = new StopText(List.of("</end>"), false);
    assertThat(stop.push("a < b")).isEqualTo("a < b");
    assertThat(stop.push("</en")).isEmpty();
    assertThat(stop.push("ding>")).isEqualTo("</ending>");
    assertThat(stop.push("x</end>y")).isEqualTo("x");
    assertThat(stop.stopped()).isTrue();
    assertThat(stop.push("more")).isEmpty();
    assertThat(stop.end()).isEmpty();
  }
}

package io.swiftjvm.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClosingTest {
  private final List<String> closed = new ArrayList<>();

  private AutoCloseable part(String name, Exception... failures) {
    return () -> {
      closed.add(name);
      for (Exception failure : failures) {
        throw failure;
      }
    };
  }

  @Test
  void every_part_is_closed_and_the_first_error_carries_the_others() {
    RuntimeException first = new IllegalStateException("first");
    RuntimeException second = new IllegalArgumentException("second");
    assertThatThrownBy(() -> Closing.all(part("a"), part("b", first), null, part("c", second), part("d"))).isSameAs(first)
        .hasSuppressedException(second);
    assertThat(closed).containsExactly("a", "b", "c", "d");
  }

  @Test
  void each_of_many_is_closed_and_errors_come_together_too() {
    assertThatThrownBy(() -> Closing.each(List.of("a", "b", "c"), name -> {
      closed.add(name);
      throw new IllegalStateException(name);
    })).hasMessage("a").satisfies(e ->
        assertThat(e.getSuppressed()).extracting(Throwable::getMessage).containsExactly("b", "c"));
    assertThat(closed).containsExactly("a", "b", "c");
  }

  @Test
  void the_error_that_closing_follows_stays_the_first() {
    RuntimeException reason = new IllegalStateException("reason");
    RuntimeException later = new IllegalStateException("later");
    Closing.after(reason, part("a", later), null, part("b", reason), part("c"));
    assertThat(reason.getSuppressed()).containsExactly(later);
    assertThat(closed).containsExactly("a", "b", "c");
  }

  @Test
  void a_checked_error_is_told_with_its_cause_and_nothing_where_there_is_none() {
    IOException cause = new IOException("disk");
    assertThatThrownBy(() -> Closing.all(part("a", cause), part("b"))).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("disk").hasCause(cause);
    assertThatCode(() -> Closing.all(part("c"), null)).doesNotThrowAnyException();
    assertThat(closed).containsExactly("a", "b", "c");
  }
}

package io.swiftjvm.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The object of {@code cycler('odd', 'even')}. */
final class Cycler {
  private final List<Object> items;
  private int at;

  Cycler(List<Object> items) {
    if (items.isEmpty()) {
      throw new JinjaError("at least one item has to be provided");
    }
    this.items = List.copyOf(items);
  }

  @Nullable Object member(String name) {
    return switch (name) {
      case "current" -> items.get(at);
      case "next" -> (Callable) (run, args) -> {
        Object item = items.get(at);
        at = (at + 1) % items.size();
        return item;
      };
      case "reset" -> (Callable) (run, args) -> {
        at = 0;
        return None.NONE;
      };
      default -> null;
    };
  }
}

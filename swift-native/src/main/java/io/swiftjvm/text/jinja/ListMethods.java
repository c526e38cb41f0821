package io.swiftjvm.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Methods of Python's {@code list} and {@code tuple} that change nothing. */
final class ListMethods {
  private ListMethods() {}

  static @Nullable Object find(List<Object> self, String name) {
    return switch (name) {
      case "count" -> (Callable) (run, args) -> {
        Object wanted = args.bind(name, "value").required(0);
        long count = 0;
        for (Object item : self) {
          count += Order.same(run, item, wanted) ? 1 : 0;
        }
        return count;
      };
      case "index" -> (Callable) (run, args) -> {
        Object wanted = args.bind(name, "value").required(0);
        for (int i = 0; i < self.size(); i++) {
          if (Order.same(run, self.get(i), wanted)) {
            return (long) i;
          }
        }
        throw new JinjaError(Show.repr(run, wanted) + " is not in list");
      };
      case "copy" -> self instanceof Tuple ? null : (Callable) (run, args) -> self;
      default -> null;
    };
  }
}

package io.swiftjvm.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Copies what the caller gives into the values of the interpreter; everything but plain data is refused. */
final class PlainData {
  private final int maxDepth;

  PlainData(int maxDepth) {
    this.maxDepth = maxDepth;
  }

  Object of(@Nullable Object value) {
    return convert(value, 0);
  }

  private Object convert(@Nullable Object value, int depth) {
    if (depth > maxDepth) {
      throw new JinjaError("the data for the template nests deeper than " + maxDepth + " levels");
    }
    return switch (value) {
      case null -> None.NONE;
      case String text -> text;
      case CharSequence text -> text.toString();
      case Boolean flag -> flag;
      case Long number -> number;
      case Integer number -> number.longValue();
      case Short number -> number.longValue();
      case Byte number -> number.longValue();
      case Double number -> number;
      case Float number -> number.doubleValue();
      case BigDecimal number -> number.doubleValue();
      case BigInteger number -> number.bitLength() < 64 ? (Object) number.longValue() : number;
      case Optional<?> optional -> convert(optional.orElse(null), depth + 1);
      case Map<?, ?> map -> map(map, depth);
      case Collection<?> items -> list(items, depth);
      case Object[] items -> list(Arrays.asList(items), depth);
      default -> throw new JinjaError("the data for the template holds a " + value.getClass().getName()
          + "; give maps, lists, strings, numbers and booleans only");
    };
  }

  private List<Object> list(Collection<?> items, int depth) {
    List<Object> copy = new ArrayList<>(items.size());
    for (Object item : items) {
      copy.add(convert(item, depth + 1));
    }
    return Collections.unmodifiableList(copy);
  }

  private Map<Object, Object> map(Map<?, ?> map, int depth) {
    Map<Object, Object> copy = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      Object key = convert(entry.getKey(), depth + 1);
      if (key instanceof List || key instanceof Map) {
        throw new JinjaError("the data for the template holds a map with a " + Types.name(key) + " as key");
      }
      copy.put(key, convert(entry.getValue(), depth + 1));
    }
    return Collections.unmodifiableMap(copy);
  }
}

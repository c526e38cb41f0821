package io.swiftjvm.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluated arguments of a call. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object... positional) {
    return new Arguments(List.of(positional), Map.of());
  }

  /** The arguments in the order of {@code parameters}; refuses too many and unknown ones. */
  Bound bind(String function, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new JinjaError(function + "() takes at most " + parameters.length + " arguments ("
          + positional.size() + " given)");
    }
    @Nullable Object[] values = new @Nullable Object[parameters.length];
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    int used = positional.size();
    for (int i = 0; i < parameters.length; i++) {
      Object value = named.get(parameters[i]);
      if (value != null) {
        if (values[i] != null) {
          throw new JinjaError(function + "() got multiple values for argument '" + parameters[i] + "'");
        }
        values[i] = value;
        used++;
      }
    }
    if (used < positional.size() + named.size()) {
      List<String> known = List.of(parameters);
      String wrong = named.keySet().stream().filter(name -> !known.contains(name)).findFirst().orElse("?");
      throw new JinjaError(function + "() got an unexpected keyword argument '" + wrong + "'");
    }
    return new Bound(function, parameters, values);
  }

  /** The positional arguments from {@code from} on, with the named ones. */
  Arguments rest(int from) {
    return new Arguments(positional.subList(Math.min(from, positional.size()), positional.size()), named);
  }

  /** Arguments in the order of the parameters, null where absent. */
  @SuppressWarnings("ArrayRecordComponent") // lives for one call
  record Bound(String function, String[] parameters, @Nullable Object[] values) {
    Object required(int index) {
      Object value = values[index];
      if (value == null) {
        throw new JinjaError(function + "() missing required argument '" + parameters[index] + "'");
      }
      return value;
    }

    boolean has(int index) {
      return values[index] != null;
    }

    Object or(int index, Object fallback) {
      Object value = values[index];
      return value == null ? fallback : value;
    }

    boolean flag(int index, boolean fallback) {
      return Types.truth(or(index, fallback));
    }

    long integer(int index, long fallback) {
      Object value = values[index];
      return value == null ? fallback : Types.integer(value);
    }

    String text(int index) {
      return Types.text(required(index));
    }

    String text(int index, String fallback) {
      return Types.text(or(index, fallback));
    }
  }
}

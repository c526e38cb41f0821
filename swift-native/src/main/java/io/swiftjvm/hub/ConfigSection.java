package io.swiftjvm.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One object of a JSON settings file with typed getters. Every getter checks type and range; a refusal is a
 * {@link ModelFormatException} with file, key, value and what is allowed. A key set to null counts as absent.
 */
public sealed class ConfigSection permits ModelConfig {
  private final Path file;
  private final String prefix;
  private final ObjectNode node;

  ConfigSection(Path file, String prefix, ObjectNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
  }

  /** The object in the JSON file {@code file}, such as an {@code adapter_config.json}. */
  public static ConfigSection read(Path file) {
    return new ConfigSection(file, "", StrictJson.readObject(file));
  }

  /** The file this comes from. */
  public final Path file() {
    return file;
  }

  /** A copy of the object itself, to be passed on or written out again. */
  public final ObjectNode json() {
    return node.deepCopy();
  }

  /** True when {@code key} is there and not null. */
  public final boolean has(String key) {
    return value(key) != null;
  }

  /** A size: 1 .. {@code max}. */
  public final int positiveInt(String key, int max) {
    return optionalInt(key, 1, max).orElseThrow(() -> refusal(key, "a whole number from 1 to " + max));
  }

  /** A size: 1 .. {@code max}; {@code fallback} when absent. */
  public final int positiveInt(String key, int max, int fallback) {
    return optionalInt(key, 1, max).orElse(fallback);
  }

  /** A whole number from {@code min} to {@code max}, when there. */
  public final OptionalInt optionalInt(String key, int min, int max) {
    JsonNode value = value(key);
    return value == null ? OptionalInt.empty() : OptionalInt.of(wholeNumber(key, value, min, max));
  }

  /** A whole number or a list of them, each from {@code min} to {@code max}; empty when absent. */
  public final List<Integer> ints(String key, int min, int max) {
    return list(key, v -> wholeNumber(key, v, min, max));
  }

  /** A finite number from {@code min} to {@code max}. */
  public final double number(String key, double min, double max) {
    return optionalNumber(key, min, max).orElseThrow(() -> refusal(key, "a number from " + min + " to " + max));
  }

  /** A finite number from {@code min} to {@code max}; {@code fallback} when absent. */
  public final double number(String key, double min, double max, double fallback) {
    return optionalNumber(key, min, max).orElse(fallback);
  }

  /** A finite number from {@code min} to {@code max}, when there. */
  public final OptionalDouble optionalNumber(String key, double min, double max) {
    JsonNode value = value(key);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(realNumber(key, value, min, max));
  }

  /** A number or a list of them, each from {@code min} to {@code max}; empty when absent. */
  public final List<Double> numbers(String key, double min, double max) {
    return list(key, v -> realNumber(key, v, min, max));
  }

  /** True or false; {@code fallback} when absent. */
  public final boolean bool(String key, boolean fallback) {
    JsonNode value = value(key);
    if (value != null && !value.isBoolean()) {
      throw refusal(key, "true or false");
    }
    return value == null ? fallback : value.booleanValue();
  }

  /** A string. */
  public final String string(String key) {
    return optionalString(key).orElseThrow(() -> refusal(key, "a string"));
  }

  /** A string, when there. */
  public final Optional<String> optionalString(String key) {
    JsonNode value = value(key);
    if (value != null && !value.isTextual()) {
      throw refusal(key, "a string");
    }
    return Optional.ofNullable(value).map(JsonNode::textValue);
  }

  /** A string or a list of them; empty when absent. */
  public final List<String> strings(String key) {
    return list(key, v -> {
      if (!v.isTextual()) {
        throw refusal(key, "a string or a list of strings");
      }
      return v.textValue();
    });
  }

  /** A nested object, when there. */
  public final Optional<ConfigSection> section(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof ObjectNode object) {
      return Optional.of(new ConfigSection(file, prefix + key + ".", object));
    }
    throw refusal(key, "an object");
  }

  /** The product of several sizes, refused when it is over {@code max}. */
  public final long product(long max, String... keys) {
    long product = 1;
    for (String key : keys) {
      try {
        product = Math.multiplyExact(product, (long) positiveInt(key, Integer.MAX_VALUE));
      } catch (ArithmeticException e) {
        product = Long.MAX_VALUE;
      }
      if (product > max) {
        throw refusal(key, "a value that keeps the product of " + List.of(keys) + " at or under " + max);
      }
    }
    return product;
  }

  /** The exception for a {@code key} whose value is not {@code allowed}; says what was found instead. */
  public final ModelFormatException refusal(String key, String allowed) {
    JsonNode value = node.get(key);
    String found = value == null ? "missing" : StrictJson.shown(value.toString());
    String name = prefix + StrictJson.shown(key);
    return new ModelFormatException(
        "Cannot use " + file + ": '" + name + "' is " + found + ", it must be " + allowed + ".");
  }

  private int wholeNumber(String key, JsonNode value, int min, int max) {
    // 1e4 and 4096.0 are what some converters write for a whole number.
    boolean whole = value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
    if (!whole || value.doubleValue() < min || value.doubleValue() > max) {
      throw refusal(key, "a whole number from " + min + " to " + max);
    }
    return (int) value.doubleValue();
  }

  private double realNumber(String key, JsonNode value, double min, double max) {
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!Double.isFinite(number) || number < min || number > max) {
      throw refusal(key, "a finite number from " + min + " to " + max);
    }
    return number;
  }

  private <T> List<T> list(String key, Function<JsonNode, T> element) {
    JsonNode value = value(key);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      return List.of(element.apply(value));
    }
    List<T> list = new ArrayList<>(value.size());
    value.forEach(v -> list.add(element.apply(v)));
    return List.copyOf(list);
  }

  private @Nullable JsonNode value(String key) {
    JsonNode value = node.get(key);
    return value == null || value.isNull() ? null : value;
  }
}

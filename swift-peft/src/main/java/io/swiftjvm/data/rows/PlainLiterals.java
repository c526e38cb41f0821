package io.swiftjvm.data.rows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.error.DatasetException;

/** Reads plain data that was stored as text: JSON, or Python's own notation. */
public final class PlainLiterals {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private PlainLiterals() {}

  /** The value of {@code text}; {@link DatasetException} names {@code what} if it is neither. */
  public static Object parse(String text, String what) {
    Object none = new Object();
    Object value = parseOr(text, none);
    if (value == none) {
      throw new DatasetException(what + " is neither JSON nor a Python literal: " + text + ". Write JSON.");
    }
    return value;
  }

  /** The value of {@code text}, or {@code otherwise}. */
  public static Object parseOr(String text, Object otherwise) {
    try {
      Object value = JSON.readValue(text, Object.class);
      return value == null ? otherwise : value;
    } catch (JsonProcessingException e) {
      return PythonLiteral.parse(text).orElse(otherwise);
    }
  }
}

package io.swiftjvm.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Encodes headers: compact JSON, metadata first and sorted by key so that equal input gives equal bytes. */
final class SafetensorsHeaders {
  private SafetensorsHeaders() {}

  /** The padded header of {@code order}, whose tensors follow each other in that order. */
  static byte[] encode(List<TensorEntry> order, Map<String, String> metadata) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeObjectFieldStart("__metadata__");
      for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
      long at = 0;
      for (TensorEntry entry : order) {
        long end = Math.addExact(at, entry.data().byteSize());
        json.writeObjectFieldStart(entry.name());
        json.writeStringField("dtype", entry.dtype().name());
        json.writeFieldName("shape");
        json.writeArray(entry.shape(), 0, entry.shape().length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {at, end}, 0, 2);
        json.writeEndObject();
        at = end;
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] header = bytes.toByteArray();
    byte[] padded = Arrays.copyOf(header, header.length + (-header.length & 7));
    Arrays.fill(padded, header.length, padded.length, (byte) ' ');
    return padded;
  }
}

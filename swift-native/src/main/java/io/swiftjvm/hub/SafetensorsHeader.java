package io.swiftjvm.hub;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parsed and checked header: every tensor's place, proved to tile the data without hole or overlap. It is read as a
 * stream, since a tree of a header of the largest legal size would be many times its 100 MB.
 */
record SafetensorsHeader(List<Place> places, Map<String, String> metadata) {
  static final long MAX_BYTES = 100_000_000L;
  static final int MAX_TENSORS = 1_000_000;
  static final int MAX_RANK = 8;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Place(String name, DType dtype, long[] shape, long begin, long end) {}

  /** Parses {@code json} and checks it against {@code dataBytes}, the bytes that follow the header in the file. */
  static SafetensorsHeader parse(Path file, String json, long dataBytes) {
    Parser parser = new Parser(file);
    try (JsonParser in = StrictJson.parser(json)) {
      parser.header(in);
    } catch (IOException e) {
      throw refusal(file, "header is not strict JSON: " + StrictJson.cause(e), e);
    }
    parser.checkTiling(dataBytes);
    return new SafetensorsHeader(parser.places, parser.metadata);
  }

  static ModelFormatException refusal(Path file, String cause, @Nullable Throwable why) {
    String message = "Cannot read " + file + " as safetensors: " + cause
        + ". Download or convert the file again, it is damaged or not safetensors.";
    return why == null ? new ModelFormatException(message) : new ModelFormatException(message, why);
  }

  private static final class Parser {
    private final Path file;
    private final List<Place> places = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    Parser(Path file) {
      this.file = file;
    }

    void header(JsonParser in) throws IOException {
      require(in.nextToken() == JsonToken.START_OBJECT, "header is not a JSON object");
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String name = in.currentName();
        require(StrictJson.wellFormed(name), "a name holds a lone surrogate: " + StrictJson.shown(name));
        in.nextToken();
        if (name.equals("__metadata__")) {
          metadata(in);
        } else {
          require(places.size() < MAX_TENSORS, "more than " + MAX_TENSORS + " tensors");
          places.add(place(in, name));
        }
      }
      require(in.nextToken() == null, "something follows the header's JSON object");
    }

    private void metadata(JsonParser in) throws IOException {
      require(in.currentToken() == JsonToken.START_OBJECT, "__metadata__ is not an object");
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String key = in.currentName();
        require(in.nextToken() == JsonToken.VALUE_STRING, "__metadata__." + StrictJson.shown(key) + " is not a string");
        metadata.put(key, in.getText());
      }
    }

    private Place place(JsonParser in, String name) throws IOException {
      String at = "tensor '" + StrictJson.shown(name) + "' ";
      require(in.currentToken() == JsonToken.START_OBJECT, at + "is not an object");
      String dtype = null;
      long[] shape = null;
      long[] offsets = null;
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String key = in.currentName();
        in.nextToken();
        switch (key) {
          case "dtype" -> {
            require(in.currentToken() == JsonToken.VALUE_STRING, at + "has a dtype that is not a string");
            dtype = in.getText();
          }
          case "shape" -> shape = sizes(in, at + "shape", MAX_RANK);
          case "data_offsets" -> offsets = sizes(in, at + "data_offsets", 2);
          default -> throw refusal(file, at + "has an unknown key '" + StrictJson.shown(key) + "'", null);
        }
      }
      if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
        throw refusal(file, at + "needs dtype, shape and two data_offsets", null);
      }
      require(offsets[0] <= offsets[1], at + "ends before it begins: " + Arrays.toString(offsets));
      Place place = new Place(name, SafetensorsDTypes.parse(file, name, dtype), shape, offsets[0], offsets[1]);
      long bytes = bytes(at, place);
      require(bytes == place.end - place.begin, at + "needs " + bytes + " bytes for " + dtype + Arrays.toString(shape)
          + " but has " + (place.end - place.begin));
      return place;
    }

    private long bytes(String at, Place place) {
      try {
        long elements = 1;
        for (long size : place.shape) {
          elements = Math.multiplyExact(elements, size);
        }
        return Math.multiplyExact(elements, (long) place.dtype.bytes());
      } catch (ArithmeticException e) {
        throw refusal(file, at + "has a shape that overflows: " + Arrays.toString(place.shape), e);
      }
    }

    private long[] sizes(JsonParser in, String at, int most) throws IOException {
      require(in.currentToken() == JsonToken.START_ARRAY, at + " is not an array");
      long[] sizes = new long[most];
      int n = 0;
      while (in.nextToken() != JsonToken.END_ARRAY) {
        require(in.currentToken() == JsonToken.VALUE_NUMBER_INT, at + " holds something that is not a whole number");
        require(in.getNumberType() != JsonParser.NumberType.BIG_INTEGER && in.getLongValue() >= 0,
            at + " holds " + StrictJson.shown(in.getText()) + ", outside 0 .. 2^63-1");
        require(n < most, at + " has more than " + most + " numbers");
        sizes[n++] = in.getLongValue();
      }
      return Arrays.copyOf(sizes, n);
    }

    void checkTiling(long dataBytes) {
      places.sort(Comparator.comparingLong(Place::begin).thenComparingLong(Place::end));
      long at = 0;
      for (Place place : places) {
        String name = "tensor '" + StrictJson.shown(place.name) + "' ";
        require(place.begin >= at, name + "overlaps the one before it: begins at " + place.begin + ", not " + at);
        require(place.begin == at, name + "leaves a hole: begins at " + place.begin + ", not " + at);
        require(place.end <= dataBytes, name + "ends at " + place.end + ", after the " + dataBytes + " data bytes");
        at = place.end;
      }
      require(at == dataBytes, "tensors end at " + at + " but the file has " + dataBytes + " data bytes");
    }

    private void require(boolean holds, String cause) {
      if (!holds) {
        throw refusal(file, cause, null);
      }
    }
  }
}

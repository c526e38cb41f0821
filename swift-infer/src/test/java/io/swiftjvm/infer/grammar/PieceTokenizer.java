package io.swiftjvm.infer.grammar;

import io.swiftjvm.text.Encoding;
import io.swiftjvm.text.SpecialTokens;
import io.swiftjvm.text.StreamDecoder;
import io.swiftjvm.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A byte-level vocabulary: an end token, all bytes, and pieces of some text that cut it anywhere. */
final class PieceTokenizer implements Tokenizer {
  static final int END = 0;
  private final List<String> tokens = new ArrayList<>(List.of("<|end|>"));
  private final List<byte[]> bytes = new ArrayList<>(List.of(new byte[0]));
  private final Map<String, Integer> ids = new HashMap<>();

  PieceTokenizer(String text, int longest) {
    for (int b = 0; b < 256; b++) {
      add(new byte[] {(byte) b});
    }
    byte[] all = text.getBytes(StandardCharsets.UTF_8);
    for (int from = 0; from < all.length; from++) {
      for (int length = 2; length <= longest && from + length <= all.length; length++) {
        byte[] piece = new byte[length];
        System.arraycopy(all, from, piece, 0, length);
        add(piece);
      }
    }
  }

  private void add(byte[] piece) {
    StringBuilder token = new StringBuilder();
    for (byte b : piece) {
      token.append(letter(b & 0xFF));
    }
    if (ids.putIfAbsent(token.toString(), tokens.size()) == null) {
      tokens.add(token.toString());
      bytes.add(piece);
    }
  }

  private static char letter(int b) {
    int next = 256;
    for (int i = 0; i < 256; i++) {
      boolean plain = (i >= '!' && i <= '~') || (i >= 0xA1 && i <= 0xAC) || i >= 0xAE;
      if (i == b) {
        return (char) (plain ? i : next);
      }
      next += plain ? 0 : 1;
    }
    throw new AssertionError(b);
  }

  byte[] bytes(int id) {
    return bytes.get(id);
  }

  @Override
  public int vocabSize() {
    return tokens.size();
  }

  @Override
  public String token(int id) {
    return tokens.get(id);
  }

  @Override
  public OptionalInt id(String token) {
    return ids.containsKey(token) ? OptionalInt.of(ids.get(token)) : OptionalInt.empty();
  }

  @Override
  public SpecialTokens special() {
    return new SpecialTokens(OptionalInt.empty(), OptionalInt.of(END), OptionalInt.empty(), OptionalInt.empty(),
        Set.of(END), Optional.empty(), Optional.of("<|end|>"));
  }

  @Override
  public String decode(int[] all, boolean skipSpecialTokens) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int id : all) {
      out.writeBytes(bytes.get(id));
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int[] encodePair(String first, String second, boolean addSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int[] encodePlain(String text) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StreamDecoder streamDecoder(boolean skipSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}

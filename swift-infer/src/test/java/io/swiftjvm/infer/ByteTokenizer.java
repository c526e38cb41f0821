package io.swiftjvm.infer;

import io.swiftjvm.text.Encoding;
import io.swiftjvm.text.SpecialTokens;
import io.swiftjvm.text.StreamDecoder;
import io.swiftjvm.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;

/**
 * Every id stands for some bytes of a fixed text in several scripts, so that tokens cut characters and words anywhere.
 */
final class ByteTokenizer implements Tokenizer {
  private static final byte[] TEXT =
      "stop the stopping sto, aba abab; naïve Ünïcödé 日本語 and 😀😃 end".getBytes(StandardCharsets.UTF_8);

  private final byte[][] pieces;

  ByteTokenizer(int vocabulary, long seed) {
    Random random = new Random(seed);
    pieces = new byte[vocabulary][];
    for (int i = 0; i < vocabulary; i++) {
      int from = random.nextInt(TEXT.length);
      pieces[i] = Arrays.copyOfRange(TEXT, from, Math.min(TEXT.length, from + 1 + random.nextInt(4)));
    }
  }

  @Override
  public StreamDecoder streamDecoder(boolean skipSpecialTokens) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    return new StreamDecoder() {
      private int shown;

      @Override
      public String push(int id) {
        bytes.writeBytes(pieces[id]);
        String all = bytes.toString(StandardCharsets.UTF_8);
        // A character that lacks bytes decodes to U+FFFD at the end; so does broken text, which the end then shows.
        int safe = all.length();
        while (safe > shown && all.charAt(safe - 1) == '\uFFFD') {
          safe--;
        }
        String piece = all.substring(shown, safe);
        shown = safe;
        return piece;
      }

      @Override
      public String finish() {
        String rest = bytes.toString(StandardCharsets.UTF_8).substring(shown);
        shown += rest.length();
        return rest;
      }
    };
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    return text.chars().map(c -> c % pieces.length).toArray();
  }

  @Override
  public int[] encodePair(String first, String second, boolean addSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int[] encodePlain(String text) {
    return encode(text, false);
  }

  @Override
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String decode(int[] ids, boolean skipSpecialTokens) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Arrays.stream(ids).forEach(id -> bytes.writeBytes(pieces[id]));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public int vocabSize() {
    return pieces.length;
  }

  @Override
  public String token(int id) {
    return "t" + id;
  }

  @Override
  public OptionalInt id(String token) {
    return OptionalInt.empty();
  }

  @Override
  public SpecialTokens special() {
    return new SpecialTokens(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(),
        Set.of(), Optional.empty(), Optional.empty());
  }

  @Override
  public void close() {}
}

package io.swiftjvm.text;

import io.swiftjvm.error.Closing;
import io.swiftjvm.error.TokenizerException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** A {@code tokenizer.json} run by the Rust library. */
final class HuggingFaceTokenizer implements Tokenizer {
  private final Vocabulary vocabulary;
  private final SpecialTokens special;
  private final NativeTokenizer tokenizer;
  /** What each id means without others, as far as anybody asked. */
  private final AtomicReferenceArray<@Nullable String> alone;
  private final Object twinLock = new Object();
  private @Nullable String json;
  private @Nullable NativeTokenizer twin;
  private boolean closed;

  HuggingFaceTokenizer(String json, Vocabulary vocabulary, SpecialTokens special, NativeTokenizer tokenizer) {
    this.json = json;
    this.vocabulary = vocabulary;
    this.special = special;
    this.tokenizer = tokenizer;
    this.alone = new AtomicReferenceArray<>(vocabulary.tokens().size());
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    return tokenizer.encode(text, addSpecialTokens);
  }

  @Override
  public int[] encodePair(String first, String second, boolean addSpecialTokens) {
    return tokenizer.encodePair(first, second, addSpecialTokens);
  }

  @Override
  public int[] encodePlain(String text) {
    return plain().encode(text, false);
  }

  /** The twin that knows no special tokens, made when it is needed first. */
  private NativeTokenizer plain() {
    synchronized (twinLock) {
      if (closed) {
        throw new IllegalStateException("The tokenizer is closed.");
      }
      NativeTokenizer plain = twin;
      String source = json;
      if (plain == null && source != null) {
        List<AddedToken> hidden =
            vocabulary.added().stream().filter(token -> special.all().contains(token.id())).toList();
        try {
          plain = hidden.isEmpty() ? tokenizer : new NativeTokenizer(PlainTwin.of(source, hidden));
        } catch (IOException | RuntimeException e) {
          throw new TokenizerException("Cannot derive a tokenizer without special tokens: " + e.getMessage(), e);
        }
        twin = plain;
        json = null;
      }
      return plain == null ? tokenizer : plain;
    }
  }

  @Override
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    Encoding encoding = tokenizer.encodeWithOffsets(text, addSpecialTokens);
    // The library names what it found in the text, also where the vocabulary has only <unk> for it.
    List<String> tokens = Arrays.stream(encoding.ids()).mapToObj(this::token).toList();
    return new Encoding(encoding.ids(), tokens, encoding.starts(), encoding.ends());
  }

  @Override
  public String decode(int[] ids, boolean skipSpecialTokens) {
    return tokenizer.decode(skipSpecialTokens ? withoutSpecial(ids) : ids, skipSpecialTokens);
  }

  /** Those that are not special; all of them mostly. */
  private int[] withoutSpecial(int[] ids) {
    int n = 0;
    for (int id : ids) {
      n += special.all().contains(id) ? 0 : 1;
    }
    if (n == ids.length) {
      return ids;
    }
    int[] kept = new int[n];
    int at = 0;
    for (int id : ids) {
      if (!special.all().contains(id)) {
        kept[at++] = id;
      }
    }
    return kept;
  }

  @Override
  public int vocabSize() {
    return vocabulary.tokens().size();
  }

  @Override
  public String token(int id) {
    String token = vocabulary.tokens().get(id);
    if (token == null) {
      throw new TokenizerException("There is no token with id " + id + "; the tokenizer has " + vocabSize()
          + " tokens. The embedding of a model may have more rows than its tokenizer has tokens.");
    }
    return token;
  }

  @Override
  public OptionalInt id(String token) {
    Integer id = vocabulary.ids().get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public SpecialTokens special() {
    return special;
  }

  @Override
  public StreamDecoder streamDecoder(boolean skipSpecialTokens) {
    return new WindowDecoder(this, skipSpecialTokens, this::alone);
  }

  /** The text of an id without others; every stream asks for it behind every token. */
  private String alone(int id) {
    String known = id >= 0 && id < alone.length() ? alone.get(id) : null;
    if (known == null) {
      known = decode(new int[] {id}, false);
      if (id >= 0 && id < alone.length()) {
        alone.set(id, known);
      }
    }
    return known;
  }

  @Override
  public void close() {
    Closing.all(this::closeTwin, tokenizer);
  }

  private void closeTwin() {
    synchronized (twinLock) {
      closed = true;
      if (twin != null) {
        twin.close();
      }
    }
  }
}

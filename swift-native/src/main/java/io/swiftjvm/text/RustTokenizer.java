package io.swiftjvm.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.swiftjvm.error.TokenizerException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A {@link Tokenizer} over DJL's binding. */
final class RustTokenizer implements Tokenizer {
  private final Path file;
  private final HuggingFaceTokenizer rust;
  private final Map<String, Integer> ids;
  private final String[] tokens;
  private final SpecialTokens special;
  private final Pattern specialTexts;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  RustTokenizer(
      Path file, HuggingFaceTokenizer rust, Map<String, Integer> ids, SpecialTokens special, Set<String> specialTexts) {
    this.file = file;
    this.rust = rust;
    this.ids = ids;
    this.special = special;
    int size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    this.tokens = new String[size];
    Arrays.fill(tokens, "");
    ids.forEach((text, id) -> tokens[id] = text);
    this.specialTexts = Pattern.compile(specialTexts.isEmpty() ? "(?!)" : specialTexts.stream()
        .sorted((a, b) -> b.length() - a.length()).map(Pattern::quote).collect(Collectors.joining("|")));
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    return encodeWithOffsets(text, addSpecialTokens).ids();
  }

  @Override
  public int[] encodePlain(String text) {
    Matcher matcher = specialTexts.matcher(text);
    int from = 0;
    IntStream.Builder out = IntStream.builder();
    while (matcher.find()) {
      // cut inside the special text, so that neither half is one
      int cut = text.offsetByCodePoints(matcher.start(), 1);
      Arrays.stream(encode(text.substring(from, cut), false)).forEach(out::add);
      from = cut;
    }
    Arrays.stream(encode(text.substring(from), false)).forEach(out::add);
    return out.build().toArray();
  }

  @Override
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    return use(() -> {
      ai.djl.huggingface.tokenizers.Encoding encoding = rust.encode(text, addSpecialTokens, false);
      int[] found = Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
      int[] starts = new int[found.length];
      int[] ends = new int[found.length];
      CharSpan[] spans = encoding.getCharTokenSpans();
      for (int i = 0; i < found.length; i++) {
        CharSpan span = spans[i];
        if (span != null) {
          starts[i] = span.getStart();
          ends[i] = span.getEnd();
        }
      }
      return new Encoding(found, List.of(encoding.getTokens()), starts, ends);
    });
  }

  @Override
  public String decode(int[] list, boolean skipSpecialTokens) {
    long[] wide = Arrays.stream(list).filter(id -> id >= 0 && id < tokens.length).asLongStream().toArray();
    return use(() -> rust.decode(wide, skipSpecialTokens));
  }

  @Override
  public int vocabSize() {
    return tokens.length;
  }

  @Override
  public String token(int id) {
    if (id < 0 || id >= tokens.length) {
      throw new TokenizerException("token id " + id + " is outside the vocabulary 0.." + (tokens.length - 1) + " of " + file);
    }
    return tokens[id];
  }

  @Override
  public OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public SpecialTokens special() {
    return special;
  }

  @Override
  public StreamDecoder streamDecoder(boolean skipSpecialTokens) {
    return new WindowDecoder(this, skipSpecialTokens);
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        rust.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private <T> T use(Supplier<T> body) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the tokenizer of " + file + " is closed");
      }
      return body.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Decodes a small window of ids again and again: what the last id adds to it is new text. */
  private static final class WindowDecoder implements StreamDecoder {
    private final Tokenizer tokenizer;
    private final boolean skip;
    private final List<Integer> window = new ArrayList<>();
    private int shown;

    WindowDecoder(Tokenizer tokenizer, boolean skip) {
      this.tokenizer = tokenizer;
      this.skip = skip;
    }

    @Override
    public String push(int id) {
      window.add(id);
      String before = text(shown);
      String now = text(window.size());
      if (now.length() <= before.length() || now.endsWith("\uFFFD")) {
        return "";
      }
      window.subList(0, shown).clear();
      shown = window.size();
      return now.substring(before.length());
    }

    @Override
    public String finish() {
      String before = text(shown);
      String now = text(window.size());
      window.clear();
      shown = 0;
      return now.length() > before.length() ? now.substring(before.length()) : "";
    }

    private String text(int count) {
      return tokenizer.decode(window.subList(0, count).stream().mapToInt(Integer::intValue).toArray(), skip);
    }
  }
}

package io.swiftjvm.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.swiftjvm.error.TokenizerException;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/** A tokenizer of the Rust library. Many threads may use it; closing waits for them. */
final class NativeTokenizer implements AutoCloseable {
  private final TokenizersLibrary library = NativeLibrary.get();
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private long handle;

  /** Throws RuntimeException with the reason of the Rust library when it refuses the JSON. */
  NativeTokenizer(String json) {
    this.handle = library.createTokenizerFromString(json);
    // The file may ask for both; here nothing is ever cut or filled.
    library.disableTruncation(handle);
    library.disablePadding(handle);
  }

  int[] encode(String text, boolean addSpecialTokens) {
    return encoding(text, addSpecialTokens, encoding -> ints(library.getTokenIds(encoding)));
  }

  int[] encodePair(String first, String second, boolean addSpecialTokens) {
    return with(open -> read(
        library.encodeDual(open, wellFormed(first), wellFormed(second), addSpecialTokens),
        encoding -> ints(library.getTokenIds(encoding))));
  }

  /** The tokens are what was found in the text, not entries of the vocabulary. */
  Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    return encoding(text, addSpecialTokens, encoding -> {
      int[] ids = ints(library.getTokenIds(encoding));
      CharSpan[] spans = library.getTokenCharSpans(encoding);
      int[] starts = new int[ids.length];
      int[] ends = new int[ids.length];
      for (int i = 0; i < ids.length; i++) {
        starts[i] = spans[i] == null ? 0 : spans[i].getStart();
        ends[i] = spans[i] == null ? 0 : spans[i].getEnd();
      }
      return new Encoding(ids, List.of(library.getTokens(encoding)), starts, ends);
    });
  }

  String decode(int[] ids, boolean skipSpecialTokens) {
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      longs[i] = ids[i];
    }
    return with(open -> library.decode(open, longs, skipSpecialTokens));
  }

  private <T> T encoding(String text, boolean addSpecialTokens, LongFunction<T> read) {
    String clean = wellFormed(text);
    return with(open -> read(library.encode(open, clean, addSpecialTokens), read));
  }

  private <T> T read(long encoding, LongFunction<T> read) {
    try {
      return read.apply(encoding);
    } finally {
      library.deleteEncoding(encoding);
    }
  }

  private <T> T with(LongFunction<T> use) {
    lock.readLock().lock();
    try {
      if (handle == 0) {
        throw new IllegalStateException("The tokenizer is closed.");
      }
      return use.apply(handle);
    } catch (IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new TokenizerException("The tokenizer failed: " + e.getMessage(), e);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Half surrogate pairs have no UTF-8 form; each becomes U+FFFD, which keeps all offsets. */
  private static String wellFormed(String text) {
    StringBuilder clean = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        clean = clean == null ? new StringBuilder(text) : clean;
        clean.setCharAt(i, '\ufffd');
      }
    }
    return clean == null ? text : clean.toString();
  }

  private static int[] ints(long[] values) {
    int[] result = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (int) values[i];
    }
    return result;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (handle != 0) {
        library.deleteTokenizer(handle);
        handle = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}

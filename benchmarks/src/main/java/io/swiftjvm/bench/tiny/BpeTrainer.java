package io.swiftjvm.bench.tiny;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte-pair encoding (Sennrich et al. 2016) over bytes: the most frequent pair of neighbours becomes a new token, until
 * the vocabulary is full. Ties go to the pair of lower ids, so that the same text gives the same tokenizer.
 */
final class BpeTrainer {
  /** What a token never reaches across: a word with the space before it, one digit, a run of marks, blanks. */
  static final String SPLIT = "'\\p{L}{1,2}(?!\\p{L})| ?\\p{L}+| ?\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static final Pattern PIECES = Pattern.compile(SPLIT, Pattern.UNICODE_CHARACTER_CLASS);
  private static final Comparator<Candidate> BEST = Comparator.comparingLong((Candidate c) -> -c.count())
      .thenComparingLong(Candidate::pair);

  private final Map<String, Integer> words = new HashMap<>();
  private final List<String> tokens = new ArrayList<>();
  private final List<int[]> merges = new ArrayList<>();

  private record Candidate(long pair, long count) {}

  private record Word(int[] ids, long count) {}

  BpeTrainer() {
    for (int value = 0; value < 256; value++) {
      tokens.add(String.valueOf(ByteLetters.of(value)));
    }
  }

  /** Counts the pieces of {@code text}. */
  void add(String text) {
    Matcher pieces = PIECES.matcher(text);
    while (pieces.find()) {
      words.merge(pieces.group(), 1, Integer::sum);
    }
  }

  /** Learns merges until there are {@code size} tokens, bytes included, or no pair occurs twice. */
  void train(int size) {
    List<Word> work = new ArrayList<>();
    words.entrySet().stream().sorted(Map.Entry.comparingByKey())
        .forEach(word -> work.add(new Word(ByteLetters.bytes(word.getKey()), word.getValue())));
    Map<Long, Long> counts = new HashMap<>();
    Map<Long, Set<Integer>> places = new HashMap<>();
    for (int i = 0; i < work.size(); i++) {
      count(work.get(i), i, 1, counts, places);
    }
    PriorityQueue<Candidate> queue = new PriorityQueue<>(BEST);
    counts.forEach((pair, count) -> queue.add(new Candidate(pair, count)));
    while (tokens.size() < size && !queue.isEmpty()) {
      Candidate best = queue.poll();
      if (best.count() != counts.getOrDefault(best.pair(), 0L)) {
        continue;
      }
      if (best.count() < 2) {
        return;
      }
      int left = (int) (best.pair() >>> 32);
      int right = (int) best.pair();
      merges.add(new int[] {left, right});
      tokens.add(tokens.get(left) + tokens.get(right));
      Map<Long, Long> before = new HashMap<>();
      for (int i : places.getOrDefault(best.pair(), Set.of()).stream().sorted().toList()) {
        Word word = work.get(i);
        Word merged = new Word(merge(word.ids(), left, right, tokens.size() - 1), word.count());
        touched(word, merged, counts, before);
        count(word, i, -1, counts, places);
        count(merged, i, 1, counts, places);
        work.set(i, merged);
      }
      before.keySet().forEach(pair -> queue.add(new Candidate(pair, counts.getOrDefault(pair, 0L))));
    }
  }

  /** The vocabulary in the byte-level alphabet; the index is the id. */
  List<String> tokens() {
    return List.copyOf(tokens);
  }

  /** The merges in order, as the two tokens that are joined. */
  List<List<String>> merges() {
    return merges.stream().map(m -> List.of(tokens.get(m[0]), tokens.get(m[1]))).toList();
  }

  private static void touched(Word old, Word now, Map<Long, Long> counts, Map<Long, Long> into) {
    for (int[] ids : List.of(old.ids(), now.ids())) {
      for (int i = 0; i + 1 < ids.length; i++) {
        long pair = pair(ids[i], ids[i + 1]);
        into.put(pair, counts.getOrDefault(pair, 0L));
      }
    }
  }

  private static void count(Word word, int index, int sign, Map<Long, Long> counts, Map<Long, Set<Integer>> places) {
    for (int i = 0; i + 1 < word.ids().length; i++) {
      long pair = pair(word.ids()[i], word.ids()[i + 1]);
      counts.merge(pair, sign * word.count(), Long::sum);
      if (sign > 0) {
        places.computeIfAbsent(pair, p -> new HashSet<>()).add(index);
      }
    }
  }

  private static int[] merge(int[] ids, int left, int right, int joined) {
    int[] out = new int[ids.length];
    int size = 0;
    for (int i = 0; i < ids.length; i++) {
      boolean match = i + 1 < ids.length && ids[i] == left && ids[i + 1] == right;
      out[size++] = match ? joined : ids[i];
      i += match ? 1 : 0;
    }
    return Arrays.copyOf(out, size);
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }
}

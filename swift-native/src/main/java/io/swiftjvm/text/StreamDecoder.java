package io.swiftjvm.text;

/**
 * Turns ids that arrive one by one into text that can be shown at once. For one stream and one thread.
 *
 * {@snippet :
 * StreamDecoder decoder = tokenizer.streamDecoder(true);
 * for (int id : ids) {
 *   show(decoder.push(id));
 * }
 * show(decoder.finish());
 * }
 */
public interface StreamDecoder {
  /** Takes the next id and returns the text that is complete now: empty while a character lacks bytes. */
  String push(int id);

  /** Returns what was held back. Incomplete characters become U+FFFD. Further calls return nothing. */
  String finish();
}

package io.swiftjvm.model;

/**
 * What differs from layer to layer.
 *
 * @param window a position sees itself and {@code window - 1} before it; 0 = all
 * @param rope the rotation of queries and keys
 */
public record LayerConfig(int window, RopeSpec rope) {
  public LayerConfig {
    if (window < 0) {
      throw new IllegalArgumentException("window must be >= 0, got " + window);
    }
  }
}

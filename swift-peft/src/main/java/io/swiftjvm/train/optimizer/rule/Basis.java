package io.swiftjvm.train.optimizer.rule;

/** Finds the directions in which a gradient is largest. They are unique up to sign. */
@FunctionalInterface
public interface Basis {
  /**
   * Leading singular vectors.
   *
   * @param left (rows,rank), orthonormal columns
   * @param right (rank,columns), orthonormal rows
   */
  record Vectors(float[] left, float[] right) {}

  /** The {@code rank} leading singular vectors of g (rows,columns); rank is at most the smaller side. */
  Vectors of(float[] g, int rows, int columns, int rank);
}

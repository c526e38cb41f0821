package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The record of one forward pass. It holds what the backward pass needs and lets go of it as that pass moves over it,
 * so the peak is reached once, at the end of forward. A tape is used by one thread and runs backward once.
 */
public final class Tape implements AutoCloseable {
  /** Computes input gradients from an output gradient: allocate in {@code scope}, add to {@code into}. */
  @FunctionalInterface
  public interface Backward {
    void run(Tensor outputGradient, Gradients into, Scope scope);
  }

  private record Node(Tensor output, Backward backward, List<Tensor> saved) {
    void release() {
      saved.forEach(t -> t.storage().release());
    }
  }

  private final Backend backend;
  private final List<Node> nodes = new ArrayList<>();

  public Tape(Backend backend) {
    this.backend = backend;
  }

  /** Records how to differentiate {@code output}; {@code saved} stay alive until that was done. */
  public void record(Tensor output, Backward backward, Tensor... saved) {
    List<Tensor> kept = new ArrayList<>(saved.length + 1);
    // The output too: gradients are found by its storage, which must not be recycled for another tensor meanwhile.
    kept.add(output);
    kept.addAll(List.of(saved));
    kept.forEach(t -> t.storage().retain());
    nodes.add(new Node(output, backward, kept));
  }

  /** Differentiates {@code output} seeded with {@code seed}; leaves' gradients end up in {@code into}. */
  public void backward(Tensor output, Tensor seed, Gradients into) {
    into.add(output, seed);
    while (!nodes.isEmpty()) {
      Node node = nodes.removeLast();
      try (Scope scope = new Scope(backend)) {
        Tensor gradient = into.take(node.output, scope);
        if (gradient != null) {
          node.backward.run(gradient, into, scope);
        }
      } finally {
        node.release();
      }
    }
  }

  /** Number of recorded operations. */
  public int size() {
    return nodes.size();
  }

  @Override
  public void close() {
    nodes.forEach(Node::release);
    nodes.clear();
  }
}

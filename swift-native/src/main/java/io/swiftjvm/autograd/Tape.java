package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

  /** One step of the backward pass. */
  private interface Node {
    void backward(Gradients into);

    default void release() {}
  }

  private final class Operation implements Node {
    private final Tensor output;
    private final Backward backward;
    private final List<Tensor> saved;

    Operation(Tensor output, Backward backward, List<Tensor> saved) {
      this.output = output;
      this.backward = backward;
      this.saved = saved;
    }

    @Override
    public void backward(Gradients into) {
      try (Scope scope = new Scope(backend)) {
        Tensor gradient = into.take(output, scope);
        if (gradient != null) {
          backward.run(gradient, into, scope);
        }
      }
    }

    @Override
    public void release() {
      saved.forEach(t -> t.storage().release());
    }
  }

  private final Backend backend;
  private final List<Node> nodes = new ArrayList<>();
  private @Nullable Remaking remaking;

  public Tape(Backend backend) {
    this.backend = backend;
  }

  /**
   * Records how to differentiate {@code output}; {@code saved} stay alive until that was done. The output's own memory
   * does not, unless it is among them: gradients are found by its storage as an object.
   */
  public void record(Tensor output, Backward backward, Tensor... saved) {
    List<Tensor> kept = List.of(saved);
    kept.forEach(t -> t.storage().retain());
    nodes.add(new Operation(output, backward, kept));
  }

  /**
   * Runs {@code body} and then gives back what it saved for the backward pass, can be {@linkplain #remake made again}
   * and is held by nobody else. The backward pass makes it when it arrives there.
   */
  void thrifty(Runnable body) {
    int from = nodes.size();
    Remaking outer = remaking;
    Remaking own = new Remaking();
    remaking = own;
    try {
      body.run();
    } finally {
      remaking = outer;
    }
    for (Node node : nodes.subList(from, nodes.size())) {
      if (node instanceof Operation operation) {
        operation.saved.forEach(own::held);
      }
    }
    if (own.vacate()) {
      nodes.add(into -> own.make());
    }
  }

  /** True while results that can be made again are not kept. */
  boolean isThrifty() {
    return remaking != null;
  }

  /** Notes that {@code make} has filled y, and will again, from tensors that the node of y saves. */
  void remake(Tensor y, Runnable make) {
    if (remaking != null) {
      remaking.add(y, make);
    }
  }

  /** Notes that {@code make} has changed y in place; what y was before must be one that can be made again, or it stays. */
  void remakeChange(Tensor y, Runnable make) {
    if (remaking != null && remaking.contains(y)) {
      remaking.add(y, make);
    }
  }

  /** Notes that y was changed in a way that will not be done again. */
  void settle(Tensor y) {
    if (remaking != null) {
      remaking.forget(y);
    }
  }

  /** Differentiates {@code output} seeded with {@code seed}; leaves' gradients end up in {@code into}. */
  public void backward(Tensor output, Tensor seed, Gradients into) {
    into.add(output, seed);
    while (!nodes.isEmpty()) {
      Node node = nodes.removeLast();
      try {
        node.backward(into);
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

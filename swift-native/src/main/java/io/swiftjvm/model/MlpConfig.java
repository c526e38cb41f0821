package io.swiftjvm.model;

import io.swiftjvm.backend.Unary;

/**
 * A feed-forward part: gated, {@code down(act(gate(x)) * up(x))} (arXiv 2002.05202), or plain, {@code
 * down(act(up(x)))}.
 *
 * @param width columns between the projections, {@code intermediate_size}
 * @param activation SILU for SwiGLU
 * @param bias all projections have a bias
 * @param form which projections there are
 */
public record MlpConfig(int width, Unary activation, boolean bias, Form form) implements FeedForwardConfig {
  /** Which projections there are. */
  public enum Form {
    /** gate, up and down. */
    GATED,
    /** gate and up in one, gate first, and down. */
    GATED_FUSED,
    /** up and down. */
    PLAIN,
    /** up and down, stored (in,out) (GPT-2). */
    PLAIN_TRANSPOSED
  }

  /** A gated part with three projections. */
  public static MlpConfig gated(int width, Unary activation, boolean bias) {
    return new MlpConfig(width, activation, bias, Form.GATED);
  }

  @Override
  public long activeWidth() {
    return width;
  }
}

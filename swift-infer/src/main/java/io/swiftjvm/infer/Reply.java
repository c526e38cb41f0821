package io.swiftjvm.infer;

/**
 * What the assistant said.
 *
 * @param text the answer without the end token
 * @param finishReason why it ended
 * @param usage tokens counted
 */
public record Reply(String text, FinishReason finishReason, Usage usage) {}

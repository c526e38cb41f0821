/** Answers: sampling, the KV cache, the generation engine with continuous batching, and chats. */
@NullMarked
package io.swiftjvm.infer;

import org.jspecify.annotations.NullMarked;

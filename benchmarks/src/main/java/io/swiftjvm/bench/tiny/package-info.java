/** Makes swift-tiny, the model inside the jar: its text, its tokenizer, its first weights and its examination. */
@NullMarked
package io.swiftjvm.bench.tiny;

import org.jspecify.annotations.NullMarked;

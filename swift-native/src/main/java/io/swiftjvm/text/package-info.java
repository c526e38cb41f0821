/** Tokenizers and chat templates: text to ids and back, conversations to text. */
@NullMarked
package io.swiftjvm.text;

import org.jspecify.annotations.NullMarked;

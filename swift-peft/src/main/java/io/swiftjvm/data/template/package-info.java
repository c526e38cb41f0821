/** From conversations to token ids and labels, piece by piece as ms-swift does it. */
@NullMarked
package io.swiftjvm.data.template;

import org.jspecify.annotations.NullMarked;

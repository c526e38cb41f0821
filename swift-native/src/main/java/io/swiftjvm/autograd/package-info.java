/** Reverse-mode differentiation: operations that record themselves on a tape. */
@NullMarked
package io.swiftjvm.autograd;

import org.jspecify.annotations.NullMarked;

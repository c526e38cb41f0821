/** Dense row-major tensors, their memory and its scopes. */
@NullMarked
package io.swiftjvm.tensor;

import org.jspecify.annotations.NullMarked;

/** The host processor as a device: pooled memory, pooled threads, C kernels, and portable Java kernels without them. */
@NullMarked
package io.swiftjvm.backend.cpu;

import org.jspecify.annotations.NullMarked;

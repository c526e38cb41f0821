/** The service interface of devices: few primitives, fused operations with composed defaults. */
@NullMarked
package io.swiftjvm.backend;

import org.jspecify.annotations.NullMarked;

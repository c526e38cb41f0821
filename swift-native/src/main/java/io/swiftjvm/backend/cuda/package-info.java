/** NVIDIA GPUs: the driver bound by FFM, our own kernels, nothing to install but the driver. */
@NullMarked
package io.swiftjvm.backend.cuda;

import org.jspecify.annotations.NullMarked;

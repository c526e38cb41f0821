/** Which storage formats of weights can be read. This version: float32, bfloat16 and float16. */
@NullMarked
package io.swiftjvm.quant;

import org.jspecify.annotations.NullMarked;

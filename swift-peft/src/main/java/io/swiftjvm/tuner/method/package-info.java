/** Tuning methods beside LoRA, one file each, in the files of PEFT. */
@NullMarked
package io.swiftjvm.tuner.method;

import org.jspecify.annotations.NullMarked;

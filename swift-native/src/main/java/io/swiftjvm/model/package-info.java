/** Decoder models: configuration, the one forward pass, and the families that fill them from a checkpoint. */
@NullMarked
package io.swiftjvm.model;

import org.jspecify.annotations.NullMarked;

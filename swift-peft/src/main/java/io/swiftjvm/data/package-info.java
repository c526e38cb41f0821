/** From files to batches: rows, templates, label masks, packing. */
@NullMarked
package io.swiftjvm.data;

import org.jspecify.annotations.NullMarked;

/** Modules: the replaceable parts of a model, and the pass that runs through them. */
@NullMarked
package io.swiftjvm.nn;

import org.jspecify.annotations.NullMarked;

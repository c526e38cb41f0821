/**
 * One file for each family of models: config.json to {@link io.swiftjvm.model.DecoderConfig}, weight names to slots.
 */
@NullMarked
package io.swiftjvm.model.family;

import org.jspecify.annotations.NullMarked;

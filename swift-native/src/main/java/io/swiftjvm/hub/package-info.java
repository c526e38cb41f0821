/**
 * Model folders and their files: safetensors, {@code config.json}, {@code generation_config.json}, and where a model
 * argument leads. Every file is treated as hostile: nothing in it is run, every size is checked before it is used.
 */
@NullMarked
package io.swiftjvm.hub;

import org.jspecify.annotations.NullMarked;

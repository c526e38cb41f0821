/** A sandboxed Jinja interpreter over plain data: maps, lists, strings, numbers, booleans, null. */
@NullMarked
package io.swiftjvm.text.jinja;

import org.jspecify.annotations.NullMarked;

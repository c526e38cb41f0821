/** A small reader of Parquet files: rows as plain data, one page of each column in memory. */
@NullMarked
package io.swiftjvm.data.parquet;

import org.jspecify.annotations.NullMarked;

/** What becomes of a training's events: curves for TensorBoard, a page, alerts, flight recordings, meters. */
@NullMarked
package io.swiftjvm.train.report;

import org.jspecify.annotations.NullMarked;

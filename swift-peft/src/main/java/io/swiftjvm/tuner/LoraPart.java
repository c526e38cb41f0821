package io.swiftjvm.tuner;

import io.swiftjvm.nn.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One named adapter at one projection.
 *
 * @param adapter the adapter's name
 * @param spec what the adapter was made from
 * @param a (rank,in) float32
 * @param b (out,rank) float32
 * @param bias (out) float32 added after B, scaled like it; or null
 * @param scale factor on the update
 * @param start what was taken out of the weight when the adapter started; or null
 * @param invocation tokens that switch it on; or null
 * @param changes what the adapter changes in the base itself; or null
 */
record LoraPart(
    String adapter, LoraSpec spec, Parameter a, Parameter b, @Nullable Parameter bias, float scale,
    @Nullable LoraStart start, @Nullable Invocation invocation, @Nullable BaseChanges changes) {

  List<Parameter> parameters() {
    return bias == null ? List.of(a, b) : List.of(a, b, bias);
  }
}

package io.swiftjvm.tuner.method;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A projection that an adapter is being put on, and the source of the tensors it has there. */
public final class Site {
  private static final String MODEL = "model.";

  private final String path;
  private final Linear linear;
  private final AdapterTensors tensors;
  private final List<Parameter> parameters = new ArrayList<>();
  private final List<Site> all;

  Site(String path, Linear linear, AdapterTensors tensors, List<Site> all) {
    this.path = path;
    this.linear = linear;
    this.tensors = tensors;
    this.all = all;
  }

  /** The module path in the model. */
  String path() {
    return path;
  }

  int in() {
    return Math.toIntExact(linear.inFeatures());
  }

  int out() {
    return Math.toIntExact(linear.outFeatures());
  }

  DenseLinear base() {
    return linear.base();
  }

  Backend backend() {
    return tensors.model().backend();
  }

  /** The largest of a size over all projections of the adapter. */
  int largest(ToIntFunction<Site> size) {
    return all.stream().mapToInt(size).max().orElse(0);
  }

  /** What is computed once for all projections of the adapter that ask for {@code key}. */
  Tensor[] once(String key, Supplier<Tensor[]> compute) {
    return tensors.once(key, compute);
  }

  /** True if the values come from a file, so that a start is of no interest. */
  boolean loaded() {
    return tensors.loaded();
  }

  List<Parameter> parameters() {
    return parameters;
  }

  /** A trained tensor of this projection. */
  Parameter learnt(String key, Start start, long... shape) {
    return learnt(key, key, start, shape);
  }

  /** A trained tensor whose parameter is called otherwise than its key in the file. */
  Parameter learnt(String key, String name, Start start, long... shape) {
    return add(tensors.parameter(key(key), path + "." + name, true, start, shape));
  }

  /** A fixed tensor of this projection that is saved. */
  Parameter fixed(String key, Start start, long... shape) {
    return add(tensors.parameter(key(key), path + "." + key, false, start, shape));
  }

  /** A tensor that all projections share. */
  Parameter shared(String key, boolean learnt, Start start, long... shape) {
    return add(tensors.parameter(AdapterTensors.PREFIX + key, key, learnt, start, shape));
  }

  /** PEFT saves a shared tensor once more with each projection. */
  void copied(String key, Parameter shared) {
    tensors.copy(key(key), shared);
  }

  /** Whole numbers of this projection that are saved. */
  int[] ints(String key, Supplier<int[]> fresh, long... shape) {
    return tensors.ints(key(key), fresh, shape);
  }

  /** The shape that the file has for {@code key} here, or null. */
  long @Nullable [] stored(String key) {
    return tensors.stored(key(key));
  }

  /** The shape that the file has for a shared {@code key}, or null. */
  long @Nullable [] storedShared(String key) {
    return tensors.stored(AdapterTensors.PREFIX + key);
  }

  /** A tensor that is computed once and lives as long as the model. */
  Tensor constant(float[] values, long... shape) {
    return tensors.constant(DType.F32, MemorySegment.ofArray(values), shape);
  }

  /** Whole numbers that are computed once and live as long as the model. */
  Tensor constant(int[] values) {
    return tensors.constant(DType.I32, MemorySegment.ofArray(values), values.length);
  }

  /** Where it is, and its sizes. */
  Place place() {
    return new Place(path, in(), out());
  }

  /** Refuses values of the file that make no sense. */
  void checkStored(boolean legal, String key, String what) {
    if (!legal) {
      throw tensors.refusal("its tensor '" + key(key) + "' " + what);
    }
  }

  private String key(String key) {
    return AdapterTensors.PREFIX + MODEL + path + "." + key;
  }

  private Parameter add(Parameter parameter) {
    parameters.add(parameter);
    return parameter;
  }
}

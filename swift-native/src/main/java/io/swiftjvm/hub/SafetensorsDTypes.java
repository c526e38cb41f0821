package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.tensor.DType;
import java.nio.file.Path;
import java.util.List;

/** Names of element types in safetensors headers, and the order in which the reference writer lays them out. */
final class SafetensorsDTypes {
  // The reference implementation sorts by its enum, largest alignment last, and writes in descending order.
  private static final List<DType> ORDER = List.of(
      DType.I64, DType.F64, DType.F32, DType.I32, DType.BF16, DType.F16, DType.I16,
      DType.F8_E4M3, DType.F8_E5M2, DType.I8, DType.U8, DType.BOOL);

  private SafetensorsDTypes() {}

  static DType parse(Path file, String tensor, String name) {
    for (DType dtype : ORDER) {
      if (dtype.name().equals(name)) {
        return dtype;
      }
    }
    throw new ModelFormatException("Cannot read " + file + ": tensor '" + StrictJson.shown(tensor) + "' has dtype '"
        + StrictJson.shown(name) + "'. This version reads " + ORDER + "; convert the file.");
  }

  /** Place in the file: 0 is written first. */
  static int rank(DType dtype) {
    return ORDER.indexOf(dtype);
  }
}

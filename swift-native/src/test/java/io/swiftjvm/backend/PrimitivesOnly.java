package io.swiftjvm.backend;

import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Another backend's primitives without its fused operations: every one of those is then composed. */
public final class PrimitivesOnly implements Backend {
  private final Backend b;
  private final Fallbacks fallbacks = new Fallbacks(text -> {});

  public PrimitivesOnly(Backend backend) {
    this.b = backend;
  }

  @Override
  public Device device() {
    return b.device();
  }

  @Override
  public String description() {
    return "composed on " + b.description();
  }

  @Override
  public Fallbacks fallbacks() {
    return fallbacks;
  }

  @Override
  public Storage allocate(long bytes) {
    return b.allocate(bytes);
  }

  @Override
  public void upload(MemorySegment source, Tensor target) {
    b.upload(source, target);
  }

  @Override
  public void download(Tensor source, MemorySegment target) {
    b.download(source, target);
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    b.copy(source, target);
  }

  @Override
  public void fill(Tensor target, float value) {
    b.fill(target, value);
  }

  @Override
  public void quantize(Tensor source, Tensor target) {
    b.quantize(source, target);
  }

  @Override
  public void cast(Tensor source, Tensor target) {
    b.cast(source, target);
  }

  @Override
  public void matmul(
      Tensor x, boolean transposeA, Tensor y, boolean transposeB, Tensor out, float alpha, float beta) {
    b.matmul(x, transposeA, y, transposeB, out, alpha, beta);
  }

  @Override
  public void binary(Binary op, Tensor x, Tensor y, Tensor out) {
    b.binary(op, x, y, out);
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    b.unary(op, x, out);
  }

  @Override
  public void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx) {
    b.unaryBackward(op, x, dy, dx);
  }

  @Override
  public void scale(Tensor x, float alpha, Tensor out) {
    b.scale(x, alpha, out);
  }

  @Override
  public void axpy(float alpha, Tensor x, Tensor y) {
    b.axpy(alpha, x, y);
  }

  @Override
  public void reduceColumns(Reduction op, Tensor x, Tensor out) {
    b.reduceColumns(op, x, out);
  }

  @Override
  public void sumRows(Tensor x, Tensor out, float beta) {
    b.sumRows(x, out, beta);
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    b.softmax(x, out);
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    b.gatherRows(table, ids, out);
  }

  @Override
  public void scatterAddRows(Tensor rows, Tensor ids, Tensor table) {
    b.scatterAddRows(rows, ids, table);
  }

  @Override
  public void sliceColumns(Tensor x, long from, Tensor out) {
    b.sliceColumns(x, from, out);
  }

  @Override
  public void pasteColumns(Tensor x, Tensor out, long to) {
    b.pasteColumns(x, out, to);
  }

  @Override
  public double sumSquares(Tensor x) {
    return b.sumSquares(x);
  }

  @Override
  public boolean isFinite(Tensor x) {
    return b.isFinite(x);
  }

  @Override
  public void dropout(Tensor x, float p, long key, Tensor out) {
    b.dropout(x, p, key, out);
  }

  @Override
  public void close() {
    b.close();
  }
}

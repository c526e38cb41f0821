package io.swiftjvm.backend.cuda;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Ids that lie outside of their tables, found by kernels: to look at each at once would make the host wait, so they are
 * looked at when it waits anyway, and thrown then.
 */
final class IdChecks {
  /** Operations that take ids. */
  enum Where { GATHER, SCATTER, LABELS, PAGES }

  private static final int NONE = Integer.MAX_VALUE;
  private final Session session;
  private final Transfers transfers;
  private final CudaStorage flags;
  private volatile boolean asked;

  IdChecks(Session session, DeviceMemory memory, Transfers transfers) {
    this.session = session;
    this.transfers = transfers;
    flags = memory.allocate((long) Where.values().length * Integer.BYTES);
    reset();
  }

  private void reset() {
    session.enter().set32(flags.address(), NONE, Where.values().length, session.stream());
  }

  /** A kernel that was captured before looks at ids again. */
  void ask() {
    asked = true;
  }

  /** Where a kernel leaves the smallest position of a wrong id. */
  long flag(Where where) {
    asked = true;
    return flags.address() + (long) where.ordinal() * Integer.BYTES;
  }

  /** Ids are int32. */
  static Tensor ids(Tensor ids) {
    if (ids.dtype() != DType.I32) {
      throw new IllegalArgumentException("ids must be int32, got " + ids);
    }
    return ids;
  }

  /** Copies to the host, and throws if a kernel since the last call found a wrong id: one wait for both. */
  void download(long source, MemorySegment target) {
    if (!asked) {
      transfers.download(source, target);
      return;
    }
    asked = false;
    int[] found = new int[Where.values().length];
    transfers.download(source, target, flags.address(), MemorySegment.ofArray(found));
    refuse(found);
  }

  /** Throws if a kernel since the last call found a wrong id; the caller has just waited for the device. */
  void look() {
    if (asked) {
      asked = false;
      int[] found = new int[Where.values().length];
      transfers.download(flags.address(), MemorySegment.ofArray(found));
      refuse(found);
    }
  }

  private void refuse(int[] found) {
    if (Arrays.stream(found).allMatch(i -> i == NONE)) {
      return;
    }
    reset();
    for (Where where : Where.values()) {
      if (found[where.ordinal()] != NONE) {
        throw new IllegalArgumentException("an earlier operation (" + where + ") had an id outside of its table at "
            + "position " + found[where.ordinal()]);
      }
    }
  }

  void close() {
    flags.release();
  }
}

package io.swiftjvm.backend.cuda;

import io.swiftjvm.error.DeviceException;
import java.lang.foreign.MemorySegment;

/**
 * Copies between host and device through a ring of pinned buffers: an upload returns when the host memory is read, the
 * device may still be busy; a download waits for everything before it.
 */
final class Transfers implements AutoCloseable {
  private static final int SLOTS = 8;
  private static final long SLOT = 1 << 20;
  private static final long MORE = 64;

  private final Session session;
  private final MemorySegment ring;
  private final long[] events = new long[SLOTS];
  private int next;

  Transfers(Session session) {
    this.session = session;
    Driver driver = session.enter();
    ring = driver.pinned(SLOTS * SLOT);
    for (int i = 0; i < SLOTS; i++) {
      events[i] = driver.createEvent();
    }
  }

  private MemorySegment slot(int i) {
    return ring.asSlice(i * SLOT, SLOT);
  }

  synchronized void upload(MemorySegment source, long target) {
    session.refuseCapture("a copy from the host");
    Driver driver = session.enter();
    for (long at = 0; at < source.byteSize(); at += SLOT) {
      long bytes = Math.min(SLOT, source.byteSize() - at);
      int i = next;
      next = (next + 1) % SLOTS;
      driver.await(events[i]);
      MemorySegment.copy(source, at, ring, i * SLOT, bytes);
      driver.toDevice(target + at, slot(i), bytes, session.stream());
      driver.record(events[i], session.stream());
    }
  }

  void download(long source, MemorySegment target) {
    download(source, target, 0, MemorySegment.NULL);
  }

  /** Copies a little more, too, while it waits: up to {@link #MORE} bytes. */
  synchronized void download(long source, MemorySegment target, long moreSource, MemorySegment more) {
    session.refuseCapture("a copy to the host");
    Driver driver = session.enter();
    long all = target.byteSize();
    long most = SLOTS * SLOT - MORE;
    long from = 0;
    do {
      long bytes = Math.min(most, all - from);
      boolean last = from + bytes == all;
      // Uploads in flight read the ring: the stream orders these writes behind them.
      if (bytes > 0) {
        driver.toHost(ring, source + from, bytes, session.stream());
      }
      if (last && more.byteSize() > 0) {
        driver.toHost(ring.asSlice(most, MORE), moreSource, more.byteSize(), session.stream());
      }
      driver.synchronize(session.stream());
      MemorySegment.copy(ring, 0, target, from, bytes);
      if (last) {
        MemorySegment.copy(ring, most, more, 0, more.byteSize());
      }
      from += bytes;
    } while (from < all);
  }

  @Override
  public void close() {
    try {
      Driver driver = session.enter();
      for (long event : events) {
        driver.destroyEvent(event);
      }
      driver.unpin(ring);
    } catch (DeviceException e) {
      // A lost context has given them back.
    }
  }
}

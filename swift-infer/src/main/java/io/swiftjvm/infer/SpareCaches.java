package io.swiftjvm.infer;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.DType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Caches of a model between two answers, with the passes that were recorded over them: the next answer then need not record them
 * anew, and finds memory that was touched already. Some few, up to some bytes, none while the model is trained. Thread-safe.
 */
final class SpareCaches implements CausalLm.Companion {
  /** Caches that wait at once; engines of other sizes and calls at the same time need their own. */
  static final int MOST = 4;
  /** Bytes that wait at once, those of recordings included. */
  static final long BYTES = 256L << 20;

  private final CausalLm model;
  private final Witness witness;
  private final Deque<KvCache> idle = new ArrayDeque<>();
  private boolean closed;

  private SpareCaches(CausalLm model) {
    this.model = model;
    this.witness = new Witness(model);
  }

  /** Those of a model; they go with it. */
  static SpareCaches of(CausalLm model) {
    return model.companion(SpareCaches.class, () -> new SpareCaches(model));
  }

  /** What sees changes of the model, for everybody who uses it. */
  Witness witness() {
    return witness;
  }

  /** An empty cache, as the constructor of {@link KvCache} makes it. */
  KvCache take(int slots, int limit, int blocks, DType type) {
    synchronized (this) {
      for (Iterator<KvCache> all = idle.iterator(); all.hasNext();) {
        KvCache cache = all.next();
        if (cache.is(slots, limit, blocks, type)) {
          all.remove();
          return cache;
        }
      }
    }
    return new KvCache(model.backend(), slots, limit, blocks, type);
  }

  /** Takes a cache back that is in order and has no sequences. */
  void give(KvCache cache) {
    if (cache.hasStates() || cache.held() > BYTES || !rests()) {
      cache.close();
    } else {
      cache.forget();
      keep(cache);
    }
  }

  /** Not for one thread at a time: the model's end waits for nobody who waits for the model. */
  private boolean rests() {
    try {
      return witness.rests();
    } catch (IllegalStateException e) {
      return false; // the model is closed
    }
  }

  private synchronized void keep(KvCache cache) {
    idle.addFirst(cache);
    while (closed ? !idle.isEmpty() : idle.size() > MOST || held() > BYTES) {
      idle.removeLast().close();
    }
  }

  /** Bytes that wait. */
  synchronized long held() {
    return idle.stream().mapToLong(KvCache::held).sum();
  }

  @Override
  public synchronized void close() {
    closed = true;
    drop();
  }

  /** Gives back what waits. */
  synchronized void drop() {
    idle.forEach(KvCache::close);
    idle.clear();
  }
}

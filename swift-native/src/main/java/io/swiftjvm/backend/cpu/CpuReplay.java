package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.Replay;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recorded operations as a list of native commands ({@code program.c}), made when they are first done again and anew for
 * sequences with other queries: one call for a pass instead of some hundred, nothing on the Java heap, and helpers stay for the
 * whole of it. What has no command makes all run one by one.
 */
final class CpuReplay implements Replay {
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
  /** Bytes before the commands, and of what each command has for its threads. */
  private static final long HEAD = 192;
  private static final long TURN = 64;
  /** The word of the head with nanoseconds that the leader waited for helpers beyond what is usual. */
  private static final int LATE = 1;
  /** Words before those of the sequences, and of each of them. */
  private static final int TABLE = 2;
  private static final int SEQUENCE = 4;
  /** A second thread is worth at least this part of the time: more than that must not be waited for it. */
  private static final long GAIN = 8;

  private final CpuBackend backend;
  private final CpuPool memory;
  private final KernelPool pool;
  private final int threads;
  private final List<Operation> operations;
  private final KernelPool.Range part = this::part;
  private boolean possible = true;
  private @Nullable Program program;
  private @Nullable Thread leader;
  private boolean led;
  private long leading;

  /** Commands in memory, and what must hold when they run. */
  private record Program(
      Storage storage, MemorySegment memory, long sequences, int[] qStart, int[] qLength, Storage[] used,
      ProgramWriter.Ids[] ids, long leastKeys) {
    /** True if the sequences have the queries that the commands were made for. */
    boolean fits(Segments segments) {
      return leastKeys == Long.MAX_VALUE
          || (Arrays.equals(qStart, segments.qStart()) && Arrays.equals(qLength, segments.qLength()));
    }
  }

  CpuReplay(CpuBackend backend, CpuPool memory, KernelPool pool, int threads, List<Operation> operations) {
    this.backend = backend;
    this.memory = memory;
    this.pool = pool;
    this.threads = threads;
    this.operations = List.copyOf(operations);
  }

  @Override
  public void run(Segments segments) {
    Program known = program;
    if (possible && (known == null || !known.fits(segments))) {
      close();
      known = write(segments);
      program = known;
      possible = known != null;
    }
    if (known == null) {
      // the backend knows how it cut segments by their identity
      Segments own = segments.again();
      for (int i = 0; i < operations.size(); i++) {
        operations.get(i).run(backend, own);
      }
      return;
    }
    run(known, segments);
  }

  private @Nullable Program write(Segments segments) {
    ProgramWriter writer = new ProgramWriter(segments, operations.size());
    try {
      CpuBackend scribe = new CpuBackend(writer);
      for (Operation operation : operations) {
        operation.run(scribe, segments);
      }
    } catch (ProgramWriter.Unwritable e) {
      return null;
    }
    long[] blocks = writer.blocks();
    long sequences = HEAD + writer.count() * (ProgramWriter.WORDS * WORD.byteSize() + TURN);
    long cuts = sequences + (TABLE + SEQUENCE * (long) segments.count()) * WORD.byteSize();
    Storage storage = backend.allocate(cuts + blocks.length * WORD.byteSize());
    MemorySegment target = storage.host();
    target.fill((byte) 0);
    target.setAtIndex(WORD, 0, writer.count());
    long[] words = writer.words(target.address() + sequences, target.address() + cuts);
    MemorySegment.copy(words, 0, target, WORD, HEAD, writer.count() * ProgramWriter.WORDS);
    MemorySegment.copy(blocks, 0, target, WORD, cuts, blocks.length);
    return new Program(storage, target, sequences, segments.qStart().clone(), segments.qLength().clone(),
        writer.storages().toArray(new Storage[0]), writer.ids().toArray(new ProgramWriter.Ids[0]), writer.leastKeys());
  }

  /** The commands know addresses alone, so that all memory is held while they run. */
  private void run(Program now, Segments segments) {
    int held = 0;
    memory.enter();
    try {
      for (; held < now.used.length; held++) {
        now.used[held].retain();
      }
      Segments.Pages pages = segments.pages();
      if (pages == null) {
        checkedRun(now, segments);
      } else {
        Storage table = pages.table().storage();
        table.retain();
        try {
          checkedRun(now, segments);
        } finally {
          table.release();
        }
      }
    } finally {
      for (int i = 0; i < held; i++) {
        now.used[i].release();
      }
      memory.leave();
    }
  }

  private void checkedRun(Program now, Segments segments) {
    check(now, segments);
    perform(now.memory);
  }

  /** Looks at every number that says where a command reads or writes, and puts down where keys are now. */
  private static void check(Program now, Segments segments) {
    for (ProgramWriter.Ids known : now.ids) {
      Checks.ids(known.ids(), known.limit(), false);
    }
    if (now.leastKeys == Long.MAX_VALUE) {
      return;
    }
    Segments.Pages pages = segments.pages();
    MemorySegment to = now.memory;
    long at = now.sequences / WORD.byteSize();
    long room = now.leastKeys;
    long address = 0;
    long size = 1;
    if (pages != null) {
      Tensor table = pages.table();
      Checks.ids(table, now.leastKeys / pages.size(), false);
      address = Checks.memory(table).address();
      size = pages.size();
      room = table.size();
    }
    to.setAtIndex(WORD, at, address);
    to.setAtIndex(WORD, at + 1, size);
    for (int s = 0; s < segments.count(); s++) {
      long end = (long) segments.kStart()[s] + (pages == null ? segments.kLength()[s] : segments.pageCount(s));
      if (segments.kStart()[s] < 0 || segments.kLength()[s] < segments.qLength()[s] || end > room) {
        throw new IllegalArgumentException(
            "segment " + s + " ends at key " + end + " of " + room + ": the shapes do not fit");
      }
      long own = at + TABLE + (long) SEQUENCE * s;
      to.setAtIndex(WORD, own, segments.qStart()[s]);
      to.setAtIndex(WORD, own + 1, segments.qLength()[s]);
      to.setAtIndex(WORD, own + 2, segments.kStart()[s]);
      to.setAtIndex(WORD, own + 3, segments.kLength()[s]);
    }
  }

  private void perform(MemorySegment commands) {
    leading = commands.address();
    if (threads == 1 || !pool.inTime() || !NativeKernels.open(leading)) {
      NativeKernels.lead(leading, 1);
      return;
    }
    leader = Thread.currentThread();
    led = false;
    long start = System.nanoTime();
    pool.run(threads, threads, 1, part);
    if (!led) {
      part(0, 1);
    }
    pool.learn((System.nanoTime() - start) / GAIN, commands.getAtIndex(WORD, LATE));
  }

  private void part(long from, long to) {
    if (Thread.currentThread() == leader && !led) {
      led = true;
      NativeKernels.lead(leading, threads);
    } else {
      NativeKernels.help(leading, threads);
    }
  }

  @Override
  public void close() {
    Program old = program;
    program = null;
    if (old != null && old.storage.isOpen()) {
      old.storage.release();
    }
  }
}

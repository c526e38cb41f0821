package io.swiftjvm.tuner;

import io.swiftjvm.autograd.Recurrence;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The tokens that switch an adapter on (activated LoRA, arXiv 2504.12397): it works from the start of their last
 * occurrence in a text on, and not before, so that what comes before can share its cache with the bare model.
 */
record Invocation(List<Integer> tokens) {
  // Layers count their states from 0 up.
  private static final int STATE = -1;

  Invocation {
    tokens = List.copyOf(tokens);
  }

  /** 1 for the rows of a pass on which the adapter works, 0 for the others: (n,1). */
  Tensor mask(Pass pass) {
    Tensor ids = pass.ids();
    if (ids == null) {
      throw new IllegalStateException("an adapter with invocation tokens needs the tokens of the pass");
    }
    Backend backend = pass.ops().backend();
    int n = Math.toIntExact(ids.size());
    int[] text = new int[n];
    backend.download(ids.view(n), MemorySegment.ofArray(text));
    float[] mask = new float[n];
    int history = tokens.size();
    for (Recurrence run : pass.attention().recurrences(STATE, history + 1L)) {
      float[] before = new float[history + 1];
      Tensor known = run.before();
      if (known != null) {
        backend.download(known.view(before.length), MemorySegment.ofArray(before));
      }
      walk(run, text, before, mask);
      Tensor after = run.after();
      if (after != null) {
        backend.upload(MemorySegment.ofArray(before), after.view(before.length));
      }
    }
    Tensor result = pass.ops().scope().tensor(DType.F32, n, 1);
    backend.upload(MemorySegment.ofArray(mask), result);
    return result;
  }

  /** The state is whether the adapter works already, and the last tokens, each plus one so that zeros are none. */
  private void walk(Recurrence run, int[] text, float[] state, float[] mask) {
    int history = tokens.size();
    int first = state[0] > 0 ? 0 : Integer.MAX_VALUE;
    for (int end = run.count(); end > 0 && first == Integer.MAX_VALUE; end--) {
      boolean found = true;
      for (int i = 0; i < history && found; i++) {
        found = token(run, text, state, end - history + i) == tokens.get(i);
      }
      first = found ? Math.max(0, end - history) : first;
    }
    float[] next = new float[history + 1];
    next[0] = first < Integer.MAX_VALUE ? 1 : 0;
    for (int i = 0; i < history; i++) {
      next[1 + i] = token(run, text, state, run.count() - history + i) + 1;
    }
    for (int i = first; i < run.count(); i++) {
      mask[run.from() + i] = 1;
    }
    System.arraycopy(next, 0, state, 0, next.length);
  }

  /** The token at {@code index} of a run; before its start those of the state, -1 where there was none. */
  private int token(Recurrence run, int[] text, float[] state, int index) {
    if (index >= 0) {
      return text[run.from() + index];
    }
    int kept = tokens.size() + index;
    return kept < 0 ? -1 : (int) state[1 + kept] - 1;
  }
}

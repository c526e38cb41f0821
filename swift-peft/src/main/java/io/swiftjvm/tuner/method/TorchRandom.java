package io.swiftjvm.tuner.method;

import java.util.Arrays;

/**
 * The random numbers of torch's generator on the CPU: Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), for
 * choices that PEFT makes again from a seed instead of saving them.
 */
final class TorchRandom {
  private static final int SIZE = 624;
  private static final int AHEAD = 397;

  private final int[] state = new int[SIZE];
  private int at = SIZE;

  TorchRandom(long seed) {
    state[0] = (int) seed;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  /** The next 32 bits. */
  int next() {
    if (at == SIZE) {
      for (int i = 0; i < SIZE; i++) {
        int y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
        state[i] = state[(i + AHEAD) % SIZE] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
      }
      at = 0;
    }
    int y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  /** The first {@code count} of {@code torch.randperm(n)}. */
  int[] permutation(int n, int count) {
    int[] all = new int[n];
    for (int i = 0; i < n; i++) {
      all[i] = i;
    }
    for (int i = 0; i < Math.min(count, n - 1); i++) {
      int other = i + Integer.remainderUnsigned(next(), n - i);
      int swapped = all[i];
      all[i] = all[other];
      all[other] = swapped;
    }
    return Arrays.copyOf(all, count);
  }
}

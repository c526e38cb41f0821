package io.swiftjvm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Recorder;
import io.swiftjvm.backend.Replay;
import io.swiftjvm.backend.ReplayContract;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.cuda.FakeCuda.Control;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Recorded passes as CUDA graphs; that they give the right numbers is in the contract of all backends. */
class CudaReplayTest {
  @AfterEach
  void nothing_is_written_beside_memory() {
    FakeCuda.assertIntact();
  }

  @Test
  void a_step_is_one_launch_and_a_graph_is_made_anew_where_attention_cuts_otherwise() {
    try (CudaBackend backend = FakeCuda.open(); Scope scope = new Scope(backend)) {
      ReplayContract.Layer layer = new ReplayContract.Layer(scope, new Random(3));
      Segments first = layer.at(backend, 4, 32, 7, 8);
      try (Recorder recorder = new Recorder(backend, first); Scope room = new Scope(recorder)) {
        layer.forward(recorder, room, first);
        try (Replay replay = recorder.replay()) {
          for (int i = 0; i < 6; i++) {
            replay.run(layer.at(backend, 5 + i, 33 + i, 1, 2));
          }
          assertThat(FakeCuda.control(Control.GRAPHS, 0)).isOne();
          assertThat(FakeCuda.control(Control.GRAPH_LAUNCHES, 0)).isEqualTo(5);
          replay.run(layer.at(backend, 11, 530, 1, 2));
          replay.run(layer.at(backend, 12, 531, 1, 2));
          assertThat(FakeCuda.control(Control.GRAPHS, 0)).isEqualTo(2);
          assertThat(FakeCuda.control(Control.GRAPH_LAUNCHES, 0)).isEqualTo(6);
        }
      }
      assertThat(backend.fallbacks().counts()).isEmpty();
    }
  }

  @Test
  void what_cannot_be_captured_runs_one_by_one() {
    try (CudaBackend backend = FakeCuda.open(); Scope scope = new Scope(backend)) {
      Tensor x = scope.floats(new float[] {1, 2}, 2);
      Tensor host = scope.floats(2);
      try (Replay replay = backend.replay(List.of((to, segments) -> {
        host.write(MemorySegment.ofArray(new float[] {5, 6}), 0);
        to.axpy(1, host, x);
      }))) {
        for (int i = 0; i < 3; i++) {
          replay.run(Segments.packed(0));
        }
      }
      assertThat(x.toFloats()).containsExactly(16, 20);
      assertThat(backend.fallbacks().events().toString()).contains("graph");
    }
  }
}

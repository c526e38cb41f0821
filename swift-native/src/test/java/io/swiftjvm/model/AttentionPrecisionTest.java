package io.swiftjvm.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Devices hear from every layer beside which weights its attention is computed. */
class AttentionPrecisionTest {
  @ParameterizedTest
  @CsvSource({"qwen3,BF16", "qwen3,F32", "deepseek-v3,F16"})
  void attention_is_asked_for_with_the_type_of_the_weights_beside_it(String name, DType type) {
    Set<DType> seen = EnumSet.noneOf(DType.class);
    try (Backend cpu = Devices.cpu(1)) {
      Backend told = (Backend) Proxy.newProxyInstance(
          AttentionPrecisionTest.class.getClassLoader(), new Class<?>[] {Backend.class}, (_, method, args) -> {
            if (method.getName().equals("attention")) {
              seen.add(((AttentionSpec) args[3]).weights());
            }
            try {
              return method.invoke(cpu, args);
            } catch (InvocationTargetException e) {
              throw e.getCause();
            }
          });
      try (Golden golden = Golden.of(name);
          CausalLm model = CausalLm.load(golden.folder(), told, new LoadOptions(type));
          Scope scope = new Scope(told)) {
        model.hidden(Pass.of(new Ops(told, null, scope), AttentionContext.packed(0, 4)), scope.ints(1, 2, 3, 4),
            new int[] {0, 1, 2, 3});
      }
    }
    assertThat(seen).containsExactly(type);
  }
}

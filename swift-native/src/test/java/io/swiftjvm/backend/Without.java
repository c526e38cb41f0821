package io.swiftjvm.backend;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** A backend without some of its fused operations: those are then composed from its primitives. */
public final class Without implements InvocationHandler {
  private final Backend backend;
  private final Set<FusedOp> disabled;
  private final Fallbacks fallbacks = new Fallbacks(text -> {});

  private Without(Backend backend, Set<FusedOp> disabled) {
    this.backend = backend;
    this.disabled = disabled;
  }

  /** {@code backend} without these; closing it closes the backend. */
  public static Backend of(Backend backend, FusedOp... disabled) {
    EnumSet<FusedOp> set = EnumSet.noneOf(FusedOp.class);
    set.addAll(Arrays.asList(disabled));
    return (Backend) Proxy.newProxyInstance(
        Without.class.getClassLoader(), new Class<?>[] {Backend.class}, new Without(backend, set));
  }

  /** The primitives alone. */
  public static Backend fused(Backend backend) {
    return of(backend, FusedOp.values());
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] args) throws Throwable {
    if (method.getName().equals("fallbacks")) {
      return fallbacks;
    }
    if (method.getName().equals("capabilities")) {
      EnumSet<FusedOp> left = EnumSet.allOf(FusedOp.class);
      left.retainAll(backend.capabilities().kernels());
      left.removeAll(disabled);
      return new Capabilities(left, backend.capabilities().weights());
    }
    if (method.getName().equals("description")) {
      return backend.description() + " without " + disabled;
    }
    if (method.getName().equals("replay")) {
      // operations are asked of this one again
      return InvocationHandler.invokeDefault(proxy, method, args);
    }
    if (method.isDefault() && disabled.stream().anyMatch(op -> op.method().equals(method.getName()))) {
      return InvocationHandler.invokeDefault(proxy, method, args);
    }
    try {
      return method.invoke(backend, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}

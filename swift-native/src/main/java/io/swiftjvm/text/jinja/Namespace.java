package io.swiftjvm.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** The one mutable value: {@code namespace(a=1)}, written by {@code {% set ns.a = 2 %}}. */
final class Namespace {
  private final Map<String, Object> members = new LinkedHashMap<>();

  Map<String, Object> members() {
    return members;
  }
}

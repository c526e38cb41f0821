package io.swiftjvm.cli;

import io.swiftjvm.Swift;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Capabilities;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.FusedOp;
import io.swiftjvm.tensor.DType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code swift devices}: what this machine can compute on, and why not on the rest. */
final class DevicesCommand implements Command {
  @Override
  public String name() {
    return "devices";
  }

  @Override
  public String summary() {
    return "Lists the devices of this machine, and why the others cannot be used and what to do about it.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.bare("json", "one JSON object a device"),
        Flag.bare("operations", "opens each and says what computes there: which operations and weight types have kernels of their own"));
  }

  @Override
  public int run(Call call) {
    for (DeviceInfo device : Swift.devices()) {
      String name = device.available() ? device.device().toString() : device.kind();
      call.out().println(call.on("json") ? Json.line(facts(device))
          : String.format(Locale.ROOT, "%-8s %-4s %s", name, device.available() ? "yes" : "no", device.summary()));
      if (call.on("operations") && device.available()) {
        operations(device, call);
      }
    }
    return 0;
  }

  private static void operations(DeviceInfo device, Call call) {
    try (Backend backend = Devices.open(device.device().toString())) {
      Capabilities can = backend.capabilities();
      call.out().println("  opened    " + backend.description());
      call.out().println("  kernels   " + names(can.kernels().stream().map(FusedOp::method)));
      call.out().println("  composed  " + names(Arrays.stream(FusedOp.values())
          .filter(op -> !can.kernels().contains(op)).map(FusedOp::method)));
      call.out().println("  weights   " + names(can.weights().stream().map(DType::shortName)));
    }
  }

  private static String names(Stream<String> names) {
    return names.sorted().collect(Collectors.joining(" "));
  }

  private static Map<String, Object> facts(DeviceInfo device) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("device", device.device().toString());
    facts.put("available", device.available());
    facts.put(device.available() ? "name" : "reason", device.reason());
    if (!device.available()) {
      facts.put("cure", device.cure());
    }
    if (!device.capability().isEmpty()) {
      facts.put("compute_capability", device.capability());
    }
    if (device.memory() > 0) {
      facts.put("memory_bytes", device.memory());
      facts.put("free_bytes", device.free());
    }
    if (device.bandwidth() > 0) {
      facts.put("bytes_per_second", (long) device.bandwidth());
    }
    return facts;
  }
}

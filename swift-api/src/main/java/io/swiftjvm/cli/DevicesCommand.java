package io.swiftjvm.cli;

import io.swiftjvm.Swift;
import io.swiftjvm.backend.DeviceInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

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
    return List.of(Flag.bare("json", "one JSON object a device"));
  }

  @Override
  public int run(Call call) {
    for (DeviceInfo device : Swift.devices()) {
      String name = device.available() ? device.device().toString() : device.kind();
      call.out().println(call.on("json") ? Json.line(facts(device))
          : String.format(Locale.ROOT, "%-8s %-4s %s", name, device.available() ? "yes" : "no", device.summary()));
    }
    return 0;
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

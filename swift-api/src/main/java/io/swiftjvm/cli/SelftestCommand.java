package io.swiftjvm.cli;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.SelfCheck;
import io.swiftjvm.backend.SpeedCheck;
import io.swiftjvm.run.ModelSpeed;
import java.util.List;
import java.util.Locale;

/** {@code swift selftest}: checks every kernel of a device against the cpu, then says how fast it is. */
final class SelftestCommand implements Command {
  private static final int FAILED = 1;

  @Override
  public String name() {
    return "selftest";
  }

  @Override
  public String summary() {
    return "Checks every kernel of --device against the cpu, then measures TFLOP/s, GB/s, LoRA and decoding tokens/s.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.value("tokens", "tokens of a measured LoRA step (default 2048)"),
        Flag.value("steps", "measured LoRA steps (default 5)"),
        Flag.value("side", "rows of the measured matrices (default 4096)"),
        Flag.bare("check_only", "no measurements"));
  }

  @Override
  public int run(Call call) {
    List<SelfCheck.Result> failed;
    try (Backend device = Devices.open(call.settings().device()); Backend cpu = Devices.cpu()) {
      // The fake driver of the library's own tests says so in the device's name.
      call.out().println(device.description());
      failed = SelfCheck.run(device, cpu, result -> call.out().println(String.format(Locale.ROOT,
          "%-6s %-52s error %.1e of %.0e", result.passed() ? "ok" : "WRONG", result.what(), result.error(),
          result.tolerance()))).stream().filter(r -> !r.passed()).toList();
      device.fallbacks().events().forEach(event -> call.out().println("fallback: " + event));
      if (!call.on("check_only") && failed.isEmpty()) {
        for (SpeedCheck.Speed speed : SpeedCheck.run(device, number(call, "side", 4096))) {
          call.out().println(String.format(Locale.ROOT, "%-52s %10.3f %s", speed.what(), speed.value(), speed.unit()));
        }
      }
    }
    if (!call.on("check_only") && failed.isEmpty() && call.given().contains("model")) {
      int tokens = number(call, "tokens", 2048);
      ModelSpeed speed = ModelSpeed.measure(call.settings(), tokens, number(call, "steps", 5));
      call.out().println(String.format(Locale.ROOT, "%-52s %10.1f tokens/s", "LoRA steps of " + tokens + " tokens",
          speed.lora()));
      call.out().println(String.format(Locale.ROOT, "%-52s %10.1f tokens/s", "decoding one answer", speed.decode()));
    }
    call.out().println(failed.isEmpty() ? "selftest passed" : "selftest FAILED: " + failed.size() + " operations");
    return failed.isEmpty() ? 0 : FAILED;
  }

  private static int number(Call call, String flag, int otherwise) {
    String value = call.flag(flag).orElse(String.valueOf(otherwise));
    try {
      int n = Integer.parseInt(value);
      if (n >= 2) {
        return n;
      }
    } catch (NumberFormatException e) {
      // Refused below, with what was given.
    }
    throw new UsageException("--" + flag + " takes a number from 2, got '" + value + "'");
  }
}

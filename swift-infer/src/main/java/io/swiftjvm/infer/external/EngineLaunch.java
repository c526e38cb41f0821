package io.swiftjvm.infer.external;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How an installed engine is started.
 *
 * {@snippet :
 * var launch = EngineLaunch.of(EngineKind.VLLM, "Qwen/Qwen3-0.6B").arguments("--max-model-len", "8192");
 * try (var server = EngineServer.start(launch); var engine = server.connect(EngineAccess.DEFAULT)) { engine.chat("hi"); }
 * }
 *
 * @param kind which engine
 * @param model folder or hub id, as the engine takes it
 * @param command program and first arguments; empty = as the engine is usually installed. Never a shell
 * @param arguments further arguments, at the end
 * @param adapters adapter folders by the name that chooses them
 * @param port of the loopback address; 0 = a free one
 * @param startTimeout longest wait until it is healthy
 * @param log where its output goes; null = a temporary file
 */
public record EngineLaunch(
    EngineKind kind, String model, List<String> command, List<String> arguments, Map<String, Path> adapters, int port,
    Duration startTimeout, @Nullable Path log) {
  public EngineLaunch {
    command = command.isEmpty() ? kind.command() : List.copyOf(command);
    arguments = List.copyOf(arguments);
    adapters = Map.copyOf(adapters);
    if (command.isEmpty()) {
      throw new InvalidPlanException("A server of kind " + kind + " cannot be started. Connect to its address instead.");
    }
    if (model.isBlank() || model.startsWith("-")) {
      throw new InvalidPlanException("The model '" + model + "' is no folder or hub id.");
    }
    if (port < 0 || port > 65535 || startTimeout.isNegative() || startTimeout.isZero()) {
      throw new InvalidPlanException("engine: port is " + port + " and startTimeout " + startTimeout
          + "; they must be 0 .. 65535 and over 0.");
    }
  }

  /** The usual command, a free port, 15 minutes. */
  public static EngineLaunch of(EngineKind kind, String model) {
    return new EngineLaunch(kind, model, List.of(), List.of(), Map.of(), 0, Duration.ofMinutes(15), null);
  }

  /** Sets program and first arguments. Default: {@code vllm serve} and its like. */
  public EngineLaunch command(String... value) {
    return new EngineLaunch(kind, model, List.of(value), arguments, adapters, port, startTimeout, log);
  }

  /** Sets further arguments. Default: none. */
  public EngineLaunch arguments(String... value) {
    return new EngineLaunch(kind, model, command, List.of(value), adapters, port, startTimeout, log);
  }

  /** Sets the adapters. Default: none. */
  public EngineLaunch adapters(Map<String, Path> value) {
    return new EngineLaunch(kind, model, command, arguments, value, port, startTimeout, log);
  }

  /** Sets the port. Default: 0, a free one. */
  public EngineLaunch port(int value) {
    return new EngineLaunch(kind, model, command, arguments, adapters, value, startTimeout, log);
  }

  /** Sets how long to wait for it. Default: 15 minutes. Legal: over 0. */
  public EngineLaunch startTimeout(Duration value) {
    return new EngineLaunch(kind, model, command, arguments, adapters, port, value, log);
  }

  /** Sets where its output goes. Default: a temporary file. */
  public EngineLaunch log(@Nullable Path value) {
    return new EngineLaunch(kind, model, command, arguments, adapters, port, startTimeout, value);
  }
}

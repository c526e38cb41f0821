package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.EngineOptions;
import io.swiftjvm.infer.SamplingParams;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model is served.
 *
 * {@snippet :
 * ServeOptions o = ServeOptions.DEFAULT.port(8080).apiKeys("secret").adapter("poet", Path.of("out/checkpoint-10"));
 * }
 *
 * @param host address to listen at; one that is not loopback needs a key
 * @param port port to listen at, 0 = a free one
 * @param apiKeys keys that are let in; none = everybody on this machine
 * @param name what the model is called; null = the last part of its source
 * @param adapters adapters that are models of their own
 * @param sampling values for fields that a request does not have
 * @param maxModelLength most tokens of prompt and answer; null = the model's positions
 * @param engine sequences at once and prompt tokens of a pass
 * @param sizes how large a request may be
 * @param rates how much may be asked for
 * @param deadlines how long the server waits
 * @param failures told of every error that became a 500; the client sees none of it. Default: nobody
 */
public record ServeOptions(
    String host, int port, List<String> apiKeys, @Nullable String name, ServedAdapters adapters,
    SamplingParams sampling, @Nullable Integer maxModelLength, EngineOptions engine, SizeLimits sizes, RateLimits rates,
    Deadlines deadlines, Consumer<Throwable> failures) {
  /** Port 8000 of the loopback address, no key. */
  public static final ServeOptions DEFAULT = new ServeOptions("127.0.0.1", 8000, List.of(), null, ServedAdapters.NONE,
      SamplingParams.DEFAULT, null, EngineOptions.DEFAULT, SizeLimits.DEFAULT, RateLimits.DEFAULT, Deadlines.DEFAULT,
      failure -> {});

  public ServeOptions {
    apiKeys = List.copyOf(apiKeys);
    if (port < 0 || port > 65535) {
      throw new InvalidPlanException("port is " + port + "; it must be 0 .. 65535.");
    }
    if (Stream.concat(apiKeys.stream(), Stream.ofNullable(adapters.adminKey())).anyMatch(key -> !key.matches("[\\x21-\\x7e]+"))) {
      throw new InvalidPlanException("An API key is empty or has spaces or characters that a header cannot carry.");
    }
    String admin = adapters.adminKey();
    if (adapters.root() != null && (apiKeys.isEmpty() ? admin != null : admin == null || apiKeys.contains(admin))) {
      throw new InvalidPlanException("Adapters may be loaded from " + adapters.root() + ", but the admin key is "
          + (apiKeys.isEmpty() ? "set while there is no API key. Set both." : "missing or one of the API keys. Set "
              + "another one."));
    }
    if (maxModelLength != null && maxModelLength < 2) {
      throw new InvalidPlanException("max_model_len is " + maxModelLength + "; it must be 2 or more.");
    }
  }

  /** Sets the address. Default: 127.0.0.1. */
  public ServeOptions host(String value) {
    return new ServeOptions(value, port, apiKeys, name, adapters, sampling, maxModelLength, engine, sizes, rates,
        deadlines, failures);
  }

  /** Sets the port. Default: 8000. Legal: 0 (a free one) .. 65535. */
  public ServeOptions port(int value) {
    return new ServeOptions(host, value, apiKeys, name, adapters, sampling, maxModelLength, engine, sizes, rates,
        deadlines, failures);
  }

  /** Sets the keys. Default: none. */
  public ServeOptions apiKeys(List<String> value) {
    return new ServeOptions(host, port, value, name, adapters, sampling, maxModelLength, engine, sizes, rates,
        deadlines, failures);
  }

  /** {@link #apiKeys(List)}. */
  public ServeOptions apiKeys(String... value) {
    return apiKeys(Arrays.asList(value));
  }

  /** Sets what the model is called. Default: the last part of its source. */
  public ServeOptions name(@Nullable String value) {
    return new ServeOptions(host, port, apiKeys, value, adapters, sampling, maxModelLength, engine, sizes, rates,
        deadlines, failures);
  }

  /** Adds an adapter that requests choose as their model. Default: none. */
  public ServeOptions adapter(String model, Path folder) {
    return adapters(a -> a.with(model, folder));
  }

  /** Changes the adapters, and whether clients may bring further ones. Default: none, and they may not. */
  public ServeOptions adapters(UnaryOperator<ServedAdapters> change) {
    return new ServeOptions(host, port, apiKeys, name, change.apply(adapters), sampling, maxModelLength, engine, sizes,
        rates, deadlines, failures);
  }

  /** Sets values for fields that a request does not have. Default: the model's. */
  public ServeOptions sampling(SamplingParams value) {
    return new ServeOptions(host, port, apiKeys, name, adapters, value, maxModelLength, engine, sizes, rates,
        deadlines, failures);
  }

  /** Sets the most tokens of prompt and answer. Default: the model's positions, which bound it. Legal: 2 or more. */
  public ServeOptions maxModelLength(@Nullable Integer value) {
    return new ServeOptions(host, port, apiKeys, name, adapters, sampling, value, engine, sizes, rates, deadlines,
        failures);
  }

  /** Changes the sizes of the engine. Default: {@link EngineOptions#DEFAULT}. */
  public ServeOptions engine(UnaryOperator<EngineOptions> change) {
    return new ServeOptions(host, port, apiKeys, name, adapters, sampling, maxModelLength, change.apply(engine), sizes,
        rates, deadlines, failures);
  }

  /** Changes how large a request may be. Default: {@link SizeLimits#DEFAULT}. */
  public ServeOptions sizes(UnaryOperator<SizeLimits> change) {
    return new ServeOptions(host, port, apiKeys, name, adapters, sampling, maxModelLength, engine, change.apply(sizes),
        rates, deadlines, failures);
  }

  /** Changes how much may be asked for. Default: {@link RateLimits#DEFAULT}. */
  public ServeOptions rates(UnaryOperator<RateLimits> change) {
    return new ServeOptions(host, port, apiKeys, name, adapters, sampling, maxModelLength, engine, sizes,
        change.apply(rates), deadlines, failures);
  }

  /** Changes how long the server waits. Default: {@link Deadlines#DEFAULT}. */
  public ServeOptions deadlines(UnaryOperator<Deadlines> change) {
    return new ServeOptions(host, port, apiKeys, name, adapters, sampling, maxModelLength, engine, sizes, rates,
        change.apply(deadlines), failures);
  }

  /** Sets who is told of errors behind a 500. Default: nobody. */
  public ServeOptions failures(Consumer<Throwable> value) {
    return new ServeOptions(host, port, apiKeys, name, adapters, sampling, maxModelLength, engine, sizes, rates,
        deadlines, value);
  }

  /** Without the keys. */
  @Override
  public String toString() {
    return host + ":" + port + ", " + apiKeys.size() + " keys, " + adapters + ", " + engine + ", "
        + sizes + ", " + rates + ", " + deadlines;
  }
}

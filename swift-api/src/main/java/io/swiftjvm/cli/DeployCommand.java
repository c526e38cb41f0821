package io.swiftjvm.cli;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.serve.ModelServer;
import io.swiftjvm.serve.ServeOptions;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code swift deploy} and {@code swift serve}: the OpenAI API until the process is asked to end.
 *
 * @param name the word after {@code swift}
 */
record DeployCommand(String name) implements Command {
  @Override
  public String summary() {
    return "Serves a model as the OpenAI API, with adapters as further models (--adapters name=path ...).";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.value("host", "address to listen at; other than loopback needs --api_key (default 127.0.0.1)"),
        Flag.value("port", "port to listen at, 0 = a free one (default 8000)"),
        Flag.value("api_key", "key that clients must send; several separated by commas"),
        Flag.value("lora_root", "folder that clients may load adapters from while it runs; unset = they may not"),
        Flag.value("admin_key", "the key that may load and unload them, needed beside --api_key"),
        Flag.value("served_model_name", "what the model is called; unset = the last part of --model"),
        Flag.value("max_model_len", "most tokens of prompt and answer; unset = the model's"),
        Flag.value("max_logprobs", "most alternatives of top_logprobs (default 20)"),
        Flag.value("max_num_seqs", "sequences worked on at once (default 32)"),
        Flag.value("gpu_memory_utilization", "part of the free memory for keys and values (default 0.9)"),
        Flag.value("enable_prefix_caching", "prompts that begin alike share the work (default true)"),
        Flag.value("kv_cache_dtype", "auto = float32, or int8: a quarter of the memory, less exact"),
        Flag.value("speculative_config", "guesses tokens, answers stay: {\"method\":\"ngram\",\"num_speculative_tokens\":5} or {\"model\":M,..}"),
        Flag.value("rate_limit", "requests of a key in a minute, 0 = no limit (default 0)"),
        Flag.value("token_rate_limit", "tokens of a key in a minute, 0 = no limit (default 0)"));
  }

  @Override
  public int run(Call call) {
    try {
      AdapterRef.named(call.settings().model().adapters());
    } catch (InvalidPlanException e) {
      throw new UsageException("--adapters: " + e.getMessage());
    }
    try (Shutdown shutdown = new Shutdown();
        SpeculativeFlag guesses = SpeculativeFlag.open(call);
        Run run = Recipe.of(call.settings()).plan().load();
        ModelServer server = run.serve(
            options -> options(call, options).engine(e -> e.speculation(guesses.speculation())))) {
      call.out().println("swift: ready, " + String.join(", ", server.models()) + " at " + server.url() + "/v1"
          + (call.flag("api_key").isPresent() ? "" : " (this machine only, no key)"));
      shutdown.await();
    }
    return 0;
  }

  private static ServeOptions options(Call call, ServeOptions defaults) {
    ServeOptions options = defaults.failures(failure -> failure.printStackTrace(call.err()));
    options = options.host(call.flag("host").orElse(options.host())).port(number(call, "port", options.port()))
        .name(call.flag("served_model_name").orElse(null));
    if (call.flag("api_key").isPresent()) {
      options = options.apiKeys(call.required("api_key").split(",", -1));
    }
    if (call.flag("lora_root").isPresent() || call.flag("admin_key").isPresent()) {
      options = options.adapters(
          a -> a.root(call.flag("lora_root").map(Path::of).orElse(null), call.flag("admin_key").orElse(null)));
    }
    if (call.flag("max_model_len").isPresent()) {
      options = options.maxModelLength(number(call, "max_model_len", 0));
    }
    return options
        .sizes(s -> s.logprobs(number(call, "max_logprobs", s.logprobs())))
        .engine(e -> EngineFlags.apply(call, e))
        .rates(r -> r.requestsPerMinute(number(call, "rate_limit", r.requestsPerMinute()))
            .tokensPerMinute(number(call, "token_rate_limit", r.tokensPerMinute())));
  }

  static int number(Call call, String flag, int absent) {
    try {
      return call.flag(flag).map(Integer::valueOf).orElse(absent);
    } catch (NumberFormatException e) {
      throw new UsageException("--" + flag + " takes a whole number, got '" + call.required(flag) + "'");
    }
  }
}

package io.swiftjvm.infer.external;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The engines that are known: how they are started, and what they take beside the fields of the OpenAI API. */
public enum EngineKind {
  /** vLLM: {@code vllm serve MODEL}. */
  VLLM(List.of("vllm", "serve"), "", "--host", "--port", "--served-model-name", Set.of("top_k", "min_p",
      "repetition_penalty", "min_tokens", "stop_token_ids", "ignore_eos", "include_stop_str_in_output",
      "structured_outputs")),
  /** SGLang: {@code sglang serve --model-path MODEL}. */
  SGLANG(List.of("sglang", "serve"), "--model-path", "--host", "--port", "--served-model-name", Set.of("top_k", "min_p",
      "repetition_penalty", "min_tokens", "stop_token_ids", "ignore_eos")),
  /** LMDeploy: {@code lmdeploy serve api_server MODEL}. */
  LMDEPLOY(List.of("lmdeploy", "serve", "api_server"), "", "--server-name", "--server-port", "--model-name",
      Set.of("top_k", "min_p", "repetition_penalty", "ignore_eos")),
  /** A {@code swift deploy} of this library. */
  SWIFT(List.of("swift", "deploy"), "--model", "--host", "--port", "--served_model_name", VLLM.extras),
  /** Any other server; it gets the fields of the OpenAI API only, and cannot be started. */
  OPENAI(List.of(), "", "", "", "", Set.of());

  private final List<String> command;
  private final String modelFlag;
  private final String hostFlag;
  private final String portFlag;
  private final String nameFlag;
  private final Set<String> extras;

  EngineKind(
      List<String> command, String modelFlag, String hostFlag, String portFlag, String nameFlag, Set<String> extras) {
    this.command = command;
    this.modelFlag = modelFlag;
    this.hostFlag = hostFlag;
    this.portFlag = portFlag;
    this.nameFlag = nameFlag;
    this.extras = extras;
  }

  /** A kind by its name in any case: vllm, sglang, lmdeploy, swift, openai. */
  public static EngineKind of(String name) {
    return Arrays.stream(values()).filter(kind -> kind.name().equals(name.toUpperCase(Locale.ROOT))).findFirst()
        .orElseThrow(() -> new InvalidPlanException("The engine '" + name + "' is not known. Use one of "
            + Arrays.toString(values()).toLowerCase(Locale.ROOT) + "."));
  }

  /** What it is started with unless another command is given. */
  List<String> command() {
    return command;
  }

  boolean takes(String field) {
    return extras.contains(field);
  }

  /** Arguments behind the command. */
  List<String> arguments(String model, String name, String host, int port, Map<String, Path> adapters) {
    List<String> all = new ArrayList<>();
    if (!modelFlag.isEmpty()) {
      all.add(modelFlag);
    }
    all.addAll(List.of(model, hostFlag, host, portFlag, String.valueOf(port), nameFlag, name));
    List<String> named = new TreeMap<>(adapters).entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    if (!named.isEmpty()) {
      all.addAll(switch (this) {
        case VLLM -> List.of("--enable-lora", "--lora-modules");
        case SGLANG -> List.of("--enable-lora", "--lora-paths");
        default -> List.of("--adapters");
      });
      all.addAll(named);
    }
    return all;
  }
}

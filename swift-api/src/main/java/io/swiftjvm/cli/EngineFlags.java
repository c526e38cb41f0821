package io.swiftjvm.cli;

import io.swiftjvm.infer.EngineOptions;
import io.swiftjvm.tensor.DType;
import java.util.Map;

/** The engine's sizes as vLLM calls them. */
final class EngineFlags {
  private static final Map<String, DType> TYPES = Map.of("auto", DType.F32, "int8", DType.Q8_BLOCK);

  private EngineFlags() {}

  static EngineOptions apply(Call call, EngineOptions options) {
    String type = call.flag("kv_cache_dtype").orElse("auto");
    String share = call.flag("gpu_memory_utilization").orElse(String.valueOf(options.memoryShare()));
    String prefixes = call.flag("enable_prefix_caching").orElse("true");
    DType cache = TYPES.get(type);
    if (cache == null) {
      throw new UsageException("--kv_cache_dtype takes auto or int8, got '" + type + "'");
    }
    if (!prefixes.equals("true") && !prefixes.equals("false")) {
      throw new UsageException("--enable_prefix_caching takes true or false, got '" + prefixes + "'");
    }
    return options.maxSequences(DeployCommand.number(call, "max_num_seqs", options.maxSequences()))
        .memoryShare(decimal(share)).prefixCache(Boolean.parseBoolean(prefixes)).cacheType(cache);
  }

  private static double decimal(String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw new UsageException("--gpu_memory_utilization takes a number, got '" + value + "'");
    }
  }
}

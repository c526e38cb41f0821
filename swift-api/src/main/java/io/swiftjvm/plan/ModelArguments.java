package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.tensor.DType;
import java.util.List;

/** Arguments about the model, its adapters and where it runs. */
final class ModelArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("task_type", TEXT, "What is learnt: sft, pt, seq_cls, embedding, reranker, generative_reranker.",
          s -> s.task().toString(), (s, v) -> s.task(Task.of((String) v))),
      Argument.of("model", TEXT,
          "Model folder, swift-tiny, alias such as qwen3, or [hf::|ms::]ORG/NAME[@REVISION][:SUBFOLDER] on a hub.",
          s -> s.model().model(), (s, v) -> s.model(m -> m.model((String) v)), "model_id_or_path"),
      Argument.of("model_revision", TEXT, "Branch, tag or commit on the hub; unset = its default.",
          s -> s.model().revision(), (s, v) -> s.model(m -> m.revision((String) v))),
      Argument.of("use_hf", SWITCH, "Ids are on Hugging Face, not on ModelScope; unset = the variable USE_HF.",
          s -> s.model().useHf(), (s, v) -> s.model(m -> m.useHf((Boolean) v))),
      Argument.of("torch_dtype", TEXT, "Element type of the weights: float32, bfloat16, float16; unset = as stored.",
          s -> s.model().dtype() instanceof DType d ? d.torchName() : null,
          (s, v) -> s.model(m -> m.dtype(ModelSettings.dtype((String) v)))),
      Argument.of("mmap", SWITCH,
          "Weights stay in the mapped file; false copies them into large pages on the CPU: slower to load, faster to decode. "
              + "Weights to be quantised or trained stay mapped until they are.",
          s -> s.model().mmap(), (s, v) -> s.model(m -> m.mmap((Boolean) v))),
      Argument.of("adapters", TEXTS, "Adapter folders in PEFT's format.",
          s -> s.model().adapters(), (s, v) -> s.model(m -> m.adapters(strings(v)))),
      Argument.of("device", TEXT,
          "auto, cpu, or a device of 'swift devices' with its number: cuda:1. Of several (cuda:1,cpu) the first that is there.",
          Settings::device, (s, v) -> s.device((String) v), "device_map"),
      Argument.of("gpu_ids", TEXT, "Number of the GPU among those of CUDA_VISIBLE_DEVICES: 1 is --device cuda:1.",
          s -> null, (s, v) -> s.device(gpu((String) v))),
      Argument.of("num_threads", INTEGER, "Kernel threads; unset = all processors.",
          Settings::threads, (s, v) -> s.threads(toInt("num_threads", v))),
      Argument.of("memory_limit", NUMBER, "GiB of native memory that a run may use; unset = what the machine has free.",
          Settings::memoryLimit, (s, v) -> s.memoryLimit((Double) v)));

  private ModelArguments() {}

  private static String gpu(String ids) {
    if (!ids.strip().matches("\\d{1,4}")) {
      throw new InvalidPlanException("gpu_ids is '" + ids + "'; a run is on one device: give one number, as in --gpu_ids 1.");
    }
    return "cuda:" + ids.strip();
  }

  @SuppressWarnings("unchecked")
  static List<String> strings(Object value) {
    return (List<String>) value;
  }

  static int toInt(String name, Object value) {
    long v = (Long) value;
    if (v < Integer.MIN_VALUE || v > Integer.MAX_VALUE) {
      throw new InvalidPlanException(name + " is " + v + "; that is out of range.");
    }
    return (int) v;
  }
}

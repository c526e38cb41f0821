package io.swiftjvm.plan;

import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.template.EncodeOptions;
import io.swiftjvm.data.template.Templates;
import io.swiftjvm.data.tools.AgentForms;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.SwiftException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.parallel.ModelSizes;
import io.swiftjvm.quant.QuantFormats;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.CheckpointSpec;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.tuner.LoraInit;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.method.TunerFiles;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What only shows when settings meet: every conflict is found and told at once, before a weight is read. */
public final class PlanRules {
  private PlanRules() {}

  /** The settings with what follows from them: a head that is trained, the task that an adapter was trained for. */
  public static Settings completed(Settings settings) {
    return TextRules.completed(settings.data().any() ? settings : TrainedTask.adopted(settings));
  }

  /** Refuses illegal combinations with one message that lists them all. */
  public static void check(Settings settings) {
    List<String> problems = new ArrayList<>();
    settings.model().requireModel();
    device(settings, problems);
    model(settings, problems);
    text(settings, problems);
    lengths(settings, problems);
    DataRules.check(settings, problems);
    training(settings, problems);
    if (!problems.isEmpty()) {
      throw new InvalidPlanException(String.join("\n", problems));
    }
  }

  private static void device(Settings s, List<String> problems) {
    // Whether the device is there shows where the plan runs, which may be another machine.
    try {
      Devices.names(s.device());
    } catch (DeviceException e) {
      problems.add("device: " + e.getMessage());
    }
  }

  private static void model(Settings s, List<String> problems) {
    try (ModelSource source = s.model().describe()) {
      ModelConfig config = ModelConfig.load(source.folder());
      QuantFormats.requireSupported(config);
      Families.of(config);
      TextRules.check(s, config, problems);
      tuner(s, source.folder(), problems);
      Integer maxLength = s.text().maxLength();
      if (maxLength != null && config.maxModelLen().isPresent() && maxLength > config.maxModelLen().getAsInt()) {
        problems.add("max_length is " + maxLength + ", the model's longest text is " + config.maxModelLen().getAsInt()
            + " tokens. Use at most that.");
      }
    } catch (SwiftException e) {
      problems.add(e.getMessage());
    } catch (InvalidPathException e) {
      problems.add("model is no path: " + e.getMessage());
    }
    try {
      if (s.model().quant().spec() != null && s.tuner().full() && s.data().any()) {
        problems.add("quant_method is " + s.model().quant().method() + " with tuner_type full; quantised weights cannot be"
            + " trained. Use tuner_type lora.");
      }
      if (s.model().quant().spec() != null && s.tuner() instanceof LoraSpec lora && lora.init() == LoraInit.LOFTQ) {
        problems.add("quant_method is " + s.model().quant().method() + " with init_weights loftq, which quantises the weights"
            + " itself. Leave out quant_method.");
      }
    } catch (InvalidPlanException e) {
      problems.add(e.getMessage());
    }
    try {
      AdapterRef.named(s.model().adapters());
    } catch (InvalidPlanException e) {
      problems.add(e.getMessage());
    }
    for (String adapter : s.model().adapters()) {
      if (!isAdapter(AdapterRef.of(adapter).folder())) {
        problems.add("adapters names '" + adapter + "', which has no adapter_config.json. Pass the folder of an adapter.");
      }
    }
    if (s.tuner().full() && s.model().dtype() != null && s.model().dtype() != DType.F32
        && s.data().any()) {
      problems.add("torch_dtype is " + s.model().dtype().torchName() + " with tuner_type full; full tuning keeps float32 "
          + "weights. Leave torch_dtype out or use float32.");
    }
  }

  /** What the method needs, and whether it fits the model, as far as its files are here. */
  private static void tuner(Settings s, Path model, List<String> problems) {
    String problem = s.tuner().problem();
    if (!s.data().any()) {
      return;
    }
    if (problem != null) {
      problems.add(problem);
    } else if (s.model().adapters().isEmpty() && Checkpoint.isPresent(model)) {
      try {
        s.tuner().trained(ModelSizes.of(model, s.head().head(s.task(), ModelConfig.load(model))).model());
      } catch (InvalidPlanException e) {
        problems.add(e.getMessage());
      }
    }
    for (String adapter : s.model().adapters()) {
      if (isAdapter(adapter)) {
        String found = TunerArguments.name(TunerFiles.readAny(Path.of(adapter)));
        if (!found.equals(TunerArguments.name(s.tuner()))) {
          problems.add("adapters names " + adapter + ", which is of tuner_type " + found + ", and tuner_type is "
              + TunerArguments.name(s.tuner()) + ". A training goes on with the method of its adapter; pass --tuner_type "
              + found + ".");
        }
      }
    }
  }

  private static boolean isAdapter(String folder) {
    try {
      return Files.isRegularFile(Path.of(folder).resolve("adapter_config.json"));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static void text(Settings s, List<String> problems) {
    TextSettings text = s.text();
    boolean jinja = "jinja".equals(text.template());
    String agent = text.agentTemplate();
    try {
      if (text.template() != null && !jinja) {
        Templates.of(text.template());
      }
      EncodeOptions options = EncodeOptions.defaults().lossScale(text.lossScale());
      if (agent != null) {
        AgentForms.of(agent);
      }
      if (jinja && agent != null) {
        problems.add("agent_template is '" + agent + "' with template jinja, which writes tools in its own way. "
            + "Leave one out.");
      }
      if (jinja && !options.filters().isEmpty()) {
        problems.add("loss_scale is '" + text.lossScale() + "' with template jinja, which weighs whole answers. Use "
            + options.base() + ", or name a training template.");
      }
    } catch (SwiftException e) {
      problems.add(e.getMessage());
    }
  }

  private static void lengths(Settings s, List<String> problems) {
    TextSettings text = s.text();
    if (!text.packing() && text.packingLength() != null) {
      problems.add("packing_length is " + text.packingLength() + " without packing. Add --packing true, or leave it out.");
    }
    if (text.maxLength() != null && text.packingLength() != null && text.packingLength() < text.maxLength()) {
      problems.add("packing_length is " + text.packingLength() + ", below max_length " + text.maxLength()
          + "; a row would not fit in a pack. Use packing_length >= max_length.");
    }
    if (text.truncation().equals("split") && s.task() != Task.PT) {
      problems.add("truncation_strategy split cuts rows into chunks and belongs to pre-training (task_type pt). Use "
          + "delete, left or right.");
    }
    if (s.task() == Task.PT && text.system() != null) {
      problems.add("system is set, but pre-training uses no chat template. Leave it out.");
    }
  }

  private static void training(Settings s, List<String> problems) {
    if (s.train().checkpoint().resumeFrom() instanceof Path resume && !Files.isDirectory(resume)) {
      problems.add("resume_from_checkpoint is '" + resume + "', which is no folder. Pass a checkpoint-N folder.");
    }
    if (s.train().checkpoint().resumeFrom() != null && !s.model().adapters().isEmpty()) {
      problems.add("resume_from_checkpoint and adapters are both given; a resumed run has its own adapter. Use one.");
    }
    if (s.train().checkpoint().resumeOnlyModel() && s.train().checkpoint().resumeFrom() == null) {
      problems.add("resume_only_model is true without resume_from_checkpoint. Name the checkpoint, or leave it out.");
    }
    if (s.train().optim().galore() != null && !s.tuner().full()) {
      problems.add("use_galore is true with tuner_type " + TunerArguments.name(s.tuner())
          + ", whose matrices are small already. Use tuner_type full.");
    }
    Recompute granularity = s.train().granularity();
    if (granularity != TrainSpec.DEFAULT.granularity() && !s.train().gradientCheckpointing()) {
      problems.add("recompute_granularity is " + granularity.name().toLowerCase(Locale.ROOT) + " with gradient_checkpointing "
          + "false, which computes nothing again. Pass --gradient_checkpointing true, or leave it out.");
    }
    Integer limit = s.train().checkpoint().totalLimit();
    if (limit != null && s.outputDir() == null) {
      problems.add("save_total_limit is " + limit + ", but nothing is saved without output_dir.");
    }
    saving(s, problems);
  }

  private static void saving(Settings s, List<String> problems) {
    CheckpointSpec checkpoint = s.train().checkpoint();
    if (checkpoint.backup() != null && s.outputDir() == null) {
      problems.add("backup_dir is '" + checkpoint.backup() + "', but nothing is saved without output_dir.");
    }
    if (!checkpoint.resumeAccept().isEmpty() && checkpoint.resumeFrom() == null) {
      problems.add("resume_accept is " + checkpoint.resumeAccept() + " without resume_from_checkpoint. Leave it out.");
    }
    if (checkpoint.best().loadAtEnd() || checkpoint.best().patience() > 0) {
      String asked = checkpoint.best().loadAtEnd() ? "load_best_model_at_end is true"
          : "early_stop_interval is " + checkpoint.best().patience();
      boolean validated = s.data().splitRatio() > 0 || !s.data().validation().isEmpty();
      int save = checkpoint.saveSteps();
      int eval = s.train().evalSteps();
      if (!validated || s.outputDir() == null) {
        problems.add(asked + " without " + (validated ? "output_dir" : "validation data "
            + "(val_dataset or split_dataset_ratio)") + "; nothing would tell which checkpoint is the best.");
      } else if (save < 1 || eval < 1 || save % eval != 0) {
        problems.add(asked + " with save_steps " + save + " and eval_steps " + eval
            + "; every checkpoint needs an evaluation: save_steps must be a multiple of eval_steps.");
      }
    }
  }
}

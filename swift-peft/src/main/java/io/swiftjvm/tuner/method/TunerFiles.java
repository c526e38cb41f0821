package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.backend.HostView;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.hub.ModelFolder;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.AttachedAdapter;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.TrainingConfig;
import io.swiftjvm.tuner.Tuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/**
 * Adapters of every method but plain LoRA in the files of PEFT: {@code adapter_config.json} and
 * {@code adapter_model.safetensors}.
 *
 * {@snippet :
 * TunerAdapter adapter = TunerFiles.attach(model, Path.of("adapter"), "default", false);
 * TunerFiles.save(adapter, Path.of("copy"), "Qwen/Qwen3-0.6B");
 * }
 */
public final class TunerFiles {
  /** How to read the settings of each {@code peft_type}. */
  private static final Map<String, Function<ConfigReader, TunerSpec>> METHODS = Map.ofEntries(
      Map.entry(AdaLoraSpec.TYPE, AdaLoraSpec::read),
      Map.entry(AdapterSpec.TYPE, AdapterSpec::read),
      Map.entry(ReftSpec.TYPE, ReftSpec::read),
      Map.entry(BoftSpec.TYPE, BoftSpec::read),
      Map.entry(C3aSpec.TYPE, C3aSpec::read),
      Map.entry(DeloraSpec.TYPE, DeloraSpec::read),
      Map.entry(DoraSpec.TYPE, DoraSpec::read),
      Map.entry(FourierFtSpec.TYPE, FourierFtSpec::read),
      Map.entry(GraloraSpec.TYPE, GraloraSpec::read),
      Map.entry(HraSpec.TYPE, HraSpec::read),
      Map.entry(Ia3Spec.TYPE, Ia3Spec::read),
      Map.entry(LnTuningSpec.TYPE, LnTuningSpec::read),
      Map.entry(TrainableTokensSpec.TYPE, TrainableTokensSpec::read),
      Map.entry(PromptTuningSpec.TYPE, PromptTuningSpec::read),
      Map.entry(PTuningSpec.TYPE, PTuningSpec::read),
      Map.entry(PrefixTuningSpec.TYPE, PrefixTuningSpec::read),
      Map.entry(XLoraSpec.TYPE, XLoraSpec::read),
      Map.entry(LohaSpec.TYPE, LohaSpec::read),
      Map.entry(LokrSpec.TYPE, LokrSpec::read),
      Map.entry(MissSpec.TYPE, MissSpec::read),
      Map.entry(OftSpec.TYPE, OftSpec::read),
      Map.entry(RandLoraSpec.TYPE, RandLoraSpec::read),
      Map.entry(RoadSpec.TYPE, RoadSpec::read),
      Map.entry(ShiraSpec.TYPE, ShiraSpec::read),
      Map.entry(VbLoraSpec.TYPE, VbLoraSpec::read),
      Map.entry(VeraSpec.TYPE, VeraSpec::read));

  private TunerFiles() {}

  /** True if {@code folder} holds an adapter that is no plain LoRA: one for this class, not for AdapterFiles. */
  public static boolean reads(Path folder) {
    ConfigReader config = ConfigReader.open(ModelFolder.of(folder).file(AdapterFiles.CONFIG));
    return !config.text("peft_type", DoraSpec.TYPE).equals(DoraSpec.TYPE) || config.flag(DoraSpec.KEY);
  }

  /** The method and settings of an adapter folder; {@link ModelFormatException} names what cannot be used. */
  public static TunerSpec readSpec(Path folder) {
    ConfigReader config = ConfigReader.open(ModelFolder.of(folder).file(AdapterFiles.CONFIG));
    String type = config.text("peft_type", "");
    Function<ConfigReader, TunerSpec> method = METHODS.get(type);
    if (method == null) {
      throw config.refusal("peft_type", "'" + type + "' is not a tuner of this version, there are LORA and "
          + String.join(", ", METHODS.keySet().stream().sorted().toList()));
    }
    try {
      TunerSpec spec = method.apply(config);
      config.only("bias", "none");
      if (config.has("modules_to_save") && !config.names("modules_to_save").isEmpty()) {
        throw config.refusal("modules_to_save", "whole modules beside " + type + " are not supported");
      }
      config.refuseRest();
      String problem = spec.problem();
      if (problem != null) {
        throw new ModelFormatException("Cannot use " + config.file() + ": " + problem);
      }
      return spec;
    } catch (InvalidPlanException e) {
      throw new ModelFormatException("Cannot use " + config.file() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Attaches the adapter of {@code folder}, of whatever method, LoRA too, under {@code name}.
   *
   * {@snippet :
   * AttachedAdapter adapter = TunerFiles.attachAny(model, Path.of("adapter"), "default", false);
   * }
   *
   * @param trainable whether training goes on with it
   */
  public static AttachedAdapter attachAny(CausalLm model, Path folder, String name, boolean trainable) {
    return reads(folder) ? attach(model, folder, name, trainable)
        : AdapterFiles.attach(model, folder, name, trainable);
  }

  /** The settings of an adapter folder of whatever method, LoRA too. */
  public static Tuning readAny(Path folder) {
    return reads(folder) ? readSpec(folder) : AdapterFiles.readSpec(folder);
  }

  /**
   * Attaches the adapter of {@code folder} under {@code name}. Everything is checked before the model changes.
   *
   * @param trainable whether training goes on with it
   */
  public static TunerAdapter attach(CausalLm model, Path folder, String name, boolean trainable) {
    TunerSpec spec = readSpec(folder);
    Adapters.checkNew(model, name, spec instanceof ModuleSpec);
    if (spec instanceof XLoraSpec mix) {
      attachMixed(model, folder, mix);
    }
    Path path = ModelFolder.of(folder).file(AdapterFiles.WEIGHTS);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TunerSpec trained = trainable && spec instanceof DoraSpec dora
          ? new DoraSpec(TrainingConfig.read(folder, dora.lora())) : spec;
      return new TunerTransform(name, trained, 0).attach(model, file, trainable);
    } catch (InvalidPlanException e) {
      throw new ModelFormatException("Cannot load the adapter " + path + ": " + e.getMessage(), e);
    }
  }

  // The adapters that an X-LoRA mixes: attached already under their names, or in folders beside it.
  private static void attachMixed(CausalLm model, Path folder, XLoraSpec mix) {
    mix.adapters().forEach((name, path) -> {
      if (!Adapters.names(model).contains(name)) {
        Path beside = folder.toAbsolutePath().resolveSibling(path);
        AdapterFiles.attach(model, AdapterFiles.isAdapter(beside) ? beside : folder.resolve(path), name, false);
      }
    });
  }

  /** Overwrites an attached adapter's values by those of {@code folder}, which must hold the same tensors. */
  public static void load(TunerAdapter adapter, Path folder) {
    try (SafetensorsFile file = SafetensorsFile.open(ModelFolder.of(folder).file(AdapterFiles.WEIGHTS))) {
      adapter.load(file, folder);
    }
  }

  /** Saves in PEFT's format, creating the folder; {@code base} is written as {@code base_model_name_or_path}. */
  public static void save(TunerAdapter adapter, Path folder, String base) {
    CausalLm model = adapter.model();
    try (Arena arena = Arena.ofConfined()) {
      Files.createDirectories(folder);
      SafetensorsWriter writer = new SafetensorsWriter();
      adapter.held().forEach((key, held) -> {
        Tensor value = held.value();
        writer.add(key, value.dtype(), value.shape(), HostView.of(model.backend(), value, arena));
      });
      writer.write(folder.resolve(AdapterFiles.WEIGHTS));
      adapter.saveTraining(folder);
      if (adapter.spec() instanceof DoraSpec dora) {
        TrainingConfig.write(folder, dora.lora());
      }
      ObjectNode config =
          ConfigWriter.start(adapter.spec().type(), base, adapter.modules(), model.linears().keySet());
      if (!(adapter.spec() instanceof TargetedSpec)) {
        config.remove("target_modules");
      }
      adapter.spec().write(config);
      adapter.spec().sizes(config, model);
      AtomicFile.write(folder.resolve(AdapterFiles.CONFIG), config.toPrettyString() + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the adapter to " + folder + ": " + e, e);
    }
  }
}

package io.swiftjvm;

import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.PlanFiles;
import io.swiftjvm.plan.Settings;
import java.nio.file.Path;
import java.util.List;

/**
 * The front door: fine-tuning and inference of language models inside the JVM.
 *
 * {@snippet :
 * try (Run run = Swift.model("swift-tiny").lora(l -> l.rank(8)).onDevice(Swift.auto()).train("swift/self-cognition")) {
 *   System.out.println(run.chat("Who are you?").text());
 * }
 * }
 *
 * <p>{@link #model} opens a {@link Recipe}; {@link Recipe#plan} closes it to a {@link Plan}; running the plan gives a
 * {@link Run}. Every refusal is a {@link io.swiftjvm.error.SwiftException}.
 *
 * @since 0.1
 */
public final class Swift {
  private Swift() {}

  /**
   * Starts a recipe.
   *
   * @param model a folder in the layout of the Hugging Face hub, {@code swift-tiny}, the model inside the library, or a
   *     repository, {@code [hf::|ms::]ORG/NAME[@REVISION][:SUBFOLDER]} or an alias such as {@code qwen3}: used from the
   *     hub's cache folder, and fetched into it when it is not there
   */
  public static Recipe model(String model) {
    return Recipe.of(Settings.DEFAULT.model(m -> m.model(model)));
  }

  /** Reads a plan that was written as {@code .json} or {@code .yaml}; unknown names are refused. */
  public static Plan plan(Path file) {
    return Recipe.of(Arguments.apply(Settings.DEFAULT, PlanFiles.read(file))).plan();
  }

  /** The best device that is there: cuda, npu, mps, cpu in this order; never refused. */
  public static String auto() {
    return "auto";
  }

  /** The host processor. */
  public static String cpu() {
    return "cpu";
  }

  /** The first NVIDIA card; {@code "cuda:1"} is the second. */
  public static String cuda() {
    return "cuda";
  }

  /** What ND4J finds on the class path (org.nd4j:nd4j-native): portable, slower than {@link #cpu}; never automatic. */
  public static String nd4j() {
    return "nd4j";
  }

  /** Every device with its memory and speed as far as known; for each kind that is not there the reason and the cure. */
  public static List<DeviceInfo> devices() {
    return Devices.report();
  }
}

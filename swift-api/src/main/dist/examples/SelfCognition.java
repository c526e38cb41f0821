import static io.swiftjvm.Swift.auto;

import io.swiftjvm.Plan;
import io.swiftjvm.Swift;
import io.swiftjvm.train.CancellationToken;
import io.swiftjvm.train.TrainEvent;
import java.nio.file.Path;

/**
 * A fine-tune in one file: java --enable-native-access=ALL-UNNAMED -cp 'lib/*' examples/SelfCognition.java NAME MAKER
 */
class SelfCognition {
  public static void main(String[] args) {
    Plan plan = Swift.model("swift-tiny").lora(l -> l.rank(8).dropout(0)).onDevice(auto())
        .with("model_name", args.length > 0 ? args[0] : "Zephyrine")
        .with("model_author", args.length > 1 ? args[1] : "ACME Labs")
        .with("warmup_ratio", 0.05)
        .training(t -> t.optim(o -> o.learningRate(5e-4)).gradientCheckpointing(false)
            .batch(b -> b.perDevice(16).accumulation(1).epochs(20)))
        .outputDir(Path.of("output/self-cognition"))
        .dataset("swift/self-cognition").plan();
    System.out.println(plan.explain());
    try (var run = plan.train(SelfCognition::show, new CancellationToken())) {
      System.out.println(run.chat("Who are you?").text());
      System.out.println("adapter: " + run.checkpoint().orElseThrow());
      System.out.println("merged:  " + run.export(run.folder().orElseThrow().resolve("merged"), true));
    }
  }

  private static void show(TrainEvent event) {
    if (event instanceof TrainEvent.StepEnd end && end.step() % 20 == 0) {
      System.out.printf("step %d of %d: loss %.3f, %.0f tokens/s%n", end.step(), end.totalSteps(), end.loss(),
          end.tokensPerSecond());
    }
  }
}

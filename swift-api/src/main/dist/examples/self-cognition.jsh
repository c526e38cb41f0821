// Gives the embedded model another identity: swift-shell examples/self-cognition.jsh
var recipe = Swift.model("swift-tiny").lora(l -> l.rank(8).dropout(0)).
    with("model_name", "Zephyrine").with("model_author", "ACME Labs").
    with("learning_rate", 5e-4).with("num_train_epochs", 20).with("per_device_train_batch_size", 16).
    with("gradient_accumulation_steps", 1).with("gradient_checkpointing", false).with("warmup_ratio", 0.05)

try (var before = recipe.load()) { System.out.println(before.chat("Who are you?").text()); }
var run = recipe.train("swift/self-cognition")
System.out.println(run)
System.out.println(run.chat("Who are you?").text())
System.out.println("adapter: " + run.checkpoint().orElseThrow())
run.close()
/exit

package io.swiftjvm.cli;

import io.swiftjvm.data.rows.DatasetLoader;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.run.ModelCheck;
import io.swiftjvm.run.TrainingData;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code swift check}: tries a model once, or reads a data set and names every row that cannot be used. */
final class CheckCommand implements Command {
  @Override
  public String name() {
    return "check";
  }

  @Override
  public String summary() {
    return "Loads a model and lets it say 8 tokens, or reads a data set and names bad rows.";
  }

  @Override
  public int run(Call call) {
    boolean model = call.given().contains("model");
    boolean data = call.given().contains("dataset");
    if (model == data) {
      throw new UsageException("either --model or --dataset is needed");
    }
    Map<String, Object> last = new LinkedHashMap<>();
    if (model) {
      ModelCheck check = ModelCheck.of(call.settings());
      check.warnings().forEach(w -> call.err().println("warning: " + w));
      last.put("text", check.text());
      last.put("warnings", check.warnings().size());
      last.put("render_error", check.renderError());
    } else {
      DropReport report = DatasetLoader.check(call.settings().data().datasets(), TrainingData.options(call.settings()),
          dropped -> call.err().println("dropped " + dropped));
      last.put("kept", report.kept());
      last.put("dropped", report.count());
    }
    call.out().println(Json.line(last));
    return 0;
  }
}

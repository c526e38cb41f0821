package io.swiftjvm.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.TrainingException;
import io.swiftjvm.hub.AtomicFile;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@code report.html}: the curves of a run, what happened in it and its plan in one page without scripts or anything
 * from elsewhere. It is made from {@code logging.jsonl}, so that a continued run shows all of its parts, and written
 * anew with every checkpoint and at the end.
 *
 * {@snippet :
 * job.listener(new JsonlLog(log, 1)).listener(new HtmlReport(folder.resolve("report.html"), log, plan.toYaml()));
 * }
 */
public final class HtmlReport implements Consumer<TrainEvent> {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, String> CURVES = new LinkedHashMap<>();
  private static final int MOST_NOTES = 200;

  static {
    CURVES.put("loss", "Loss");
    CURVES.put("eval_loss", "Validation loss");
    CURVES.put("learning_rate", "Learning rate");
    CURVES.put("grad_norm", "Gradient norm before clipping");
    CURVES.put("tokens_per_second", "Tokens a second");
    CURVES.put("memory_bytes", "Resident memory, bytes");
  }

  private final Path file;
  private final Path log;
  private final String plan;
  private String what = "";

  /**
   * The page of one run.
   *
   * @param file where it goes
   * @param log the run's {@code logging.jsonl}, which must be told of an event before this
   * @param plan shown as it is
   */
  public HtmlReport(Path file, Path log, String plan) {
    this.file = file;
    this.log = log;
    this.plan = plan;
  }

  @Override
  public void accept(TrainEvent event) {
    switch (event) {
      case TrainEvent.Started started -> what = started.what() + ": " + started.trainable() + " of "
          + started.parameters() + " values are trained.";
      case TrainEvent.Saved saved -> write("Running: saved at step " + saved.step() + ".");
      case TrainEvent.Finished finished -> write(String.format("Done after %d steps in %.1f s, loss %.4f.",
          finished.step(), finished.result().seconds(), finished.result().loss()));
      case TrainEvent.Cancelled cancelled -> write("Stopped at step " + cancelled.step() + " because it was asked to.");
      case TrainEvent.Failed failed -> write("Failed after step " + failed.step() + ": " + failed.message());
      case TrainEvent.StepEnd end -> { }
      case TrainEvent.Channels channels -> { }
      case TrainEvent.Evaluated evaluated -> { }
      case TrainEvent.Dropped dropped -> { }
      case TrainEvent.DataReady ready -> { }
      case TrainEvent.Warning warning -> { }
    }
  }

  private void write(String state) {
    try {
      AtomicFile.write(file, page(state));
    } catch (IOException | UncheckedIOException e) {
      throw new TrainingException("Cannot write the report " + file + ": " + e + ". Free space, choose another folder, or "
          + "leave html out of report_to.", e);
    }
  }

  private String page(String state) throws IOException {
    Map<String, SvgCurve> curves = new LinkedHashMap<>();
    CURVES.keySet().forEach(key -> curves.put(key, new SvgCurve()));
    List<String> notes = new ArrayList<>();
    if (Files.isRegularFile(log)) {
      for (String line : Files.readAllLines(log)) {
        read(line, curves, notes);
      }
    }
    StringBuilder page = new StringBuilder("""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>Training</title><style>
        body{font:14px/1.5 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
        .c{display:grid;grid-template-columns:repeat(auto-fill,minmax(400px,1fr));gap:1em}figure{margin:0}
        svg{width:100%;font-size:10px;fill:#555}polyline{fill:none;stroke:#0b62a4;stroke-width:1.5}circle{fill:#0b62a4}
        .g{stroke:#ddd}pre{background:#f6f6f6;padding:1em;overflow:auto}
        </style></head><body>
        """);
    page.append("<h1>Training</h1><p>").append(escaped(state)).append("</p><p>").append(escaped(what)).append("</p>");
    page.append("<div class=\"c\">");
    curves.forEach((key, curve) -> {
      if (!curve.isEmpty()) {
        String name = CURVES.getOrDefault(key, key);
        page.append("<figure><figcaption>").append(name).append("</figcaption>").append(curve.draw(name))
            .append("</figure>");
      }
    });
    page.append("</div>");
    if (!notes.isEmpty()) {
      page.append("<h2>Notes</h2><ul>");
      notes.stream().limit(MOST_NOTES).forEach(note -> page.append("<li>").append(escaped(note)).append("</li>"));
      page.append("</ul>");
      if (notes.size() > MOST_NOTES) {
        page.append("<p>and ").append(notes.size() - MOST_NOTES).append(" more in logging.jsonl</p>");
      }
    }
    return page.append("<h2>Plan</h2><pre>").append(escaped(plan)).append("</pre></body></html>\n").toString();
  }

  private static void read(String line, Map<String, SvgCurve> curves, List<String> notes) {
    JsonNode json;
    try {
      json = MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      return; // a line that was cut off by a crash
    }
    double step = json.path("step").asDouble();
    curves.forEach((key, curve) -> {
      if (json.path(key).isNumber()) {
        curve.add(step, json.path(key).asDouble());
      }
    });
    for (String key : List.of("warning", "dropped", "failed")) {
      if (json.has(key)) {
        notes.add("step " + json.path("step").asInt() + ": " + (key.equals("warning") ? "" : key + ", ")
            + json.path(key).asText());
      }
    }
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }
}

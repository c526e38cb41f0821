package io.swiftjvm.cli;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.infer.ChatEngine;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.StreamListener;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.run.ChatEncoder;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.train.CancellationToken;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** {@code swift infer}: one answer, as text or as token ids. */
final class InferCommand implements Command {
  @Override
  public String name() {
    return "infer";
  }

  @Override
  public String summary() {
    return "Answers a prompt, a conversation, or continues token ids.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.value("prompt", "a user message; plain text for a model without a chat template"),
        Flag.value("messages", "JSON list of {role, content}"),
        Flag.value("input_ids", "token ids, separated by commas"),
        Flag.bare("output_ids", "print token ids instead of text"),
        Flag.value("structured_outputs_regex", "the answer matches this regular expression as a whole"),
        Flag.bare("stream", "print while the answer is made"),
        Flag.value("infer_backend", "pt = this process (default); vllm, sglang, lmdeploy, swift or openai by --engine_url"),
        Flag.value("engine_url", "address of the server of another infer_backend; unset = an installed one is started"),
        Flag.value("api_key", "key of that server"));
  }

  @Override
  public int run(Call call) {
    long ways = List.of("prompt", "messages", "input_ids").stream().filter(f -> call.flag(f).isPresent()).count();
    if (ways != 1) {
      throw new UsageException("exactly one of --prompt, --messages and --input_ids is needed");
    }
    boolean ids = call.on("output_ids");
    boolean stream = call.on("stream") && !ids;
    String backend = call.flag("infer_backend").orElse("pt");
    if (!backend.equals("pt")) {
      return elsewhere(call, backend);
    }
    SamplingParams sampling = call.settings().sampling();
    try (Run run = Recipe.of(call.settings()).plan().load()) {
      StreamListener listener = stream ? (request, piece) -> {
        call.out().print(piece);
        call.out().flush();
      } : StreamListener.NONE;
      int[] prompt = prompt(call, run);
      CancellationToken endless = new CancellationToken();
      Completion answer = call.flag("structured_outputs_regex").isPresent()
          ? run.generate(prompt, Grammar.regex(call.required("structured_outputs_regex")), listener, endless)
          : run.generate(prompt, sampling, listener, endless);
      if (ids) {
        call.out().println(answer.tokens().stream().map(String::valueOf).collect(Collectors.joining(",")));
      } else {
        call.out().println(stream ? "" : answer.text());
      }
      return 0;
    }
  }

  private static int elsewhere(Call call, String backend) {
    if (call.flag("structured_outputs_regex").isPresent()) {
      throw new UsageException("--structured_outputs_regex is for --infer_backend pt");
    }
    if (call.flag("input_ids").isPresent() || call.on("output_ids")) {
      throw new UsageException("--input_ids and --output_ids are for --infer_backend pt; servers answer in text");
    }
    Recipe recipe = Recipe.of(call.settings());
    ChatRequest request = call.flag("messages").isPresent()
        ? ChatRequest.of(Json.list(Path.of(call.required("messages")), "messages"))
        : ChatRequest.of(call.required("prompt"));
    boolean stream = call.on("stream");
    try (ChatEngine engine = call.flag("engine_url").isPresent()
        ? recipe.engine(backend, call.required("engine_url"), a -> a.key(call.flag("api_key").orElse(null)))
        : recipe.startEngine(backend, launch -> launch)) {
      Reply reply = engine.chat(request, piece -> {
        if (stream) {
          call.out().print(piece);
          call.out().flush();
        }
      });
      call.out().println(stream ? "" : reply.text());
      return 0;
    }
  }

  private static int[] prompt(Call call, Run run) {
    if (call.flag("input_ids").isPresent()) {
      return ids(call.required("input_ids"));
    }
    if (call.flag("messages").isPresent()) {
      List<Map<String, Object>> messages = Json.list(Path.of(call.required("messages")), "messages");
      return ChatEncoder.prompt(run.loaded(), messages, call.settings().text());
    }
    String text = call.required("prompt");
    boolean chat = ChatTemplate.find(run.loaded().source().folder()).isPresent();
    return chat
        ? ChatEncoder.prompt(run.loaded(), List.of(Map.of("role", "user", "content", text)), call.settings().text())
        : run.loaded().tokenizer().encode(text, true);
  }

  private static int[] ids(String text) {
    try {
      return Arrays.stream(text.replaceAll("[\\[\\]\\s]", "").split(",", -1)).mapToInt(Integer::parseInt).toArray();
    } catch (NumberFormatException e) {
      throw new UsageException("--input_ids takes numbers separated by commas, got '" + text + "'");
    }
  }
}

package io.swiftjvm.infer;

import io.swiftjvm.error.CancelledException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Something that answers conversations: the engine in this JVM, or a vLLM, SGLang, LMDeploy or other server of the OpenAI
 * API. What holds for one holds for all.
 *
 * {@snippet :
 * try (ChatEngine engine = Swift.model("swift-tiny").adapter("poet", folder).engine()) {
 *   engine.chat("Who are you?", piece -> show(piece));
 *   Reply plain = engine.chat(ChatRequest.of("And you?").model(engine.models().getFirst()), piece -> {});
 * }
 * }
 *
 * <p>Thread-safe, also for virtual threads: answers of several threads are made together. An interrupt ends an answer
 * within one step, with what there is and {@link FinishReason#CANCELLED}; the interrupt stays set. So does an exception of
 * the listener, which is thrown on.
 */
public interface ChatEngine extends AutoCloseable {
  /** The names that a request may give as its model: the model itself, then its adapters. */
  List<String> models();

  /** The answer to one message. */
  default Reply chat(String user) {
    return chat(user, piece -> {});
  }

  /** The answer to one message, shown to {@code listener} while it is made. */
  default Reply chat(String user, Consumer<String> listener) {
    return chat(ChatRequest.of(user), listener);
  }

  /**
   * The answer to a conversation, shown to {@code listener} while it is made, piece by piece; the pieces together are the
   * text of the reply.
   *
   * @throws io.swiftjvm.error.InvalidPlanException if the request names another model or asks for what this engine does
   *     not have
   * @throws OverloadedException if the engine in this JVM has too much to do
   * @throws io.swiftjvm.infer.external.EngineException if a server cannot be reached or refuses
   * @throws IllegalStateException if the engine is closed
   */
  Reply chat(ChatRequest request, Consumer<String> listener);

  /** The answers to several conversations, made together, in their order. */
  default List<Reply> chat(List<ChatRequest> requests) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Reply>> all = requests.stream().map(r -> threads.submit(() -> chat(r, piece -> {}))).toList();
      List<Reply> replies = new ArrayList<>();
      for (Future<Reply> each : all) {
        replies.add(each.get());
      }
      return replies;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("The answers were interrupted.", e);
    }
  }

  /** Ends what runs and gives back what it took. Closing twice is harmless. */
  @Override
  void close();
}

package io.swiftjvm.run;

import io.swiftjvm.error.Closing;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatEngine;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.Reply;
import io.swiftjvm.infer.external.EngineAccess;
import io.swiftjvm.infer.external.EngineLaunch;
import io.swiftjvm.infer.external.EngineServer;
import io.swiftjvm.infer.external.OpenAiEngine;
import io.swiftjvm.plan.AdapterRef;
import io.swiftjvm.plan.Settings;
import java.util.List;
import java.util.function.Consumer;

/** The settings of a plan for engines outside this JVM. */
public final class ExternalEngines {
  private ExternalEngines() {}

  /** System text, sampling and the first named adapter of a plan, unless {@code access} says otherwise. */
  public static EngineAccess access(Settings settings, EngineAccess access) {
    if (!AdapterRef.always(settings.model().adapters()).isEmpty()) {
      throw new InvalidPlanException("adapters " + settings.model().adapters() + " have no name; a server chooses "
          + "adapters by name. Use name=folder.");
    }
    String first = AdapterRef.named(settings.model().adapters()).keySet().stream().findFirst().orElse(null);
    return access.sampling(access.sampling().equals(EngineAccess.DEFAULT.sampling())
            ? settings.sampling() : access.sampling())
        .system(access.system() == null ? settings.text().system() : access.system())
        .model(access.model() == null ? first : access.model());
  }

  /** Starts a server and connects to it; closing the engine ends the server. */
  public static ChatEngine start(EngineLaunch launch, EngineAccess access) {
    EngineServer server = EngineServer.start(launch);
    try {
      return new Owning(server.connect(access), server);
    } catch (RuntimeException | Error e) {
      Closing.after(e, server);
      throw e;
    }
  }

  /** An engine that ends its server. */
  private record Owning(OpenAiEngine engine, EngineServer server) implements ChatEngine {
    @Override
    public List<String> models() {
      return engine.models();
    }

    @Override
    public Reply chat(ChatRequest request, Consumer<String> listener) {
      return engine.chat(request, listener);
    }

    @Override
    public void close() {
      Closing.all(engine, server);
    }
  }
}

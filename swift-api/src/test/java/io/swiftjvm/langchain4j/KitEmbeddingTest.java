package io.swiftjvm.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import java.util.List;
import org.junit.jupiter.api.AfterAll;

/** LangChain4j's own tests of embedding models. */
class KitEmbeddingTest extends AbstractEmbeddingModelIT {
  private static final Run RUN = Swift.model("swift-tiny").load();

  @AfterAll
  static void close() {
    RUN.close();
  }

  @Override
  protected List<EmbeddingModel> models() {
    return List.of(new SwiftEmbeddingModel(RUN.api()));
  }

  @Override
  protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
    return new SwiftEmbeddingModel(RUN.api()).listeners(List.of(listener));
  }

  @Override
  protected boolean supportsDimensionsParameter() {
    return true;
  }

  @Override
  protected int dimensionsParameter() {
    return 32;
  }

  @Override
  protected boolean supportsInputTypeParameter() {
    return false;
  }

  @Override
  protected boolean supportsImageInput() {
    return false;
  }

  @Override
  protected boolean supportsInterleavedInput() {
    return false;
  }
}

package io.swiftjvm.train;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A test whose every case has a fresh model of the oracle and a folder. */
public abstract class OnTinyModel {
  @TempDir
  protected Path temp;

  protected Backend backend;
  protected CausalLm model;
  private final String name;

  /** On the model that PEFT's adapters were made for. */
  protected OnTinyModel() {
    this("qwen3-untied-sharded");
  }

  protected OnTinyModel(String name) {
    this.name = name;
  }

  @BeforeEach
  void load() {
    backend = Devices.cpu();
    model = CausalLm.load(Oracle.path("models/" + name), backend);
  }

  @AfterEach
  void close() {
    model.close();
    backend.close();
  }
}

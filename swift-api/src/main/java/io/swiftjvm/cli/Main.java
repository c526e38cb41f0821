package io.swiftjvm.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Entry point of the command line; everything testable is in {@link Cli}. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code: 0 done, 2 usage, 3 a typed refusal, 1 a bug. */
  public static void main(String[] args) {
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    System.exit(new Cli(out, err).run(args));
  }
}

package io.swiftjvm.cli;

final class CheckCommand implements Command {
  @Override
  public String name() {
    return "xCheckCommand";
  }

  @Override
  public String summary() {
    return "";
  }

  @Override
  public int run(Call call) {
    return 0;
  }
}

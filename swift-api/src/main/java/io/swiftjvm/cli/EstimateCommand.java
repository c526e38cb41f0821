package io.swiftjvm.cli;

final class EstimateCommand implements Command {
  @Override
  public String name() {
    return "xEstimateCommand";
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

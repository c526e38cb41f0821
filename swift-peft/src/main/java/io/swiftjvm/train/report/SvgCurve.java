package io.swiftjvm.train.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One curve over steps as an SVG picture that needs nothing else. */
final class SvgCurve {
  private static final int WIDTH = 420;
  private static final int HEIGHT = 180;
  private static final int LEFT = 62;
  private static final int RIGHT = 10;
  private static final int TOP = 10;
  private static final int BOTTOM = 22;
  /** More points than there are columns would only make the file larger. */
  private static final int MOST = 400;

  private record Point(double x, double y) {}

  private final List<Point> points = new ArrayList<>();

  void add(double x, double y) {
    if (Double.isFinite(y)) {
      points.add(new Point(x, y));
    }
  }

  boolean isEmpty() {
    return points.isEmpty();
  }

  /** The picture; {@code name} is read out by screen readers. */
  String draw(String name) {
    double x0 = points.getFirst().x;
    double x1 = Math.max(points.getLast().x, x0 + 1);
    double least = points.stream().mapToDouble(Point::y).min().orElse(0);
    double most = points.stream().mapToDouble(Point::y).max().orElse(1);
    double low = least == most ? least - Math.max(1e-12, Math.abs(least) / 2) : least;
    double high = least == most ? most + Math.max(1e-12, Math.abs(most) / 2) : most;
    StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT, name));
    for (int i = 0; i <= 2; i++) {
      double value = low + (high - low) * i / 2;
      double y = y(value, low, high);
      svg.append(String.format(Locale.ROOT, "<line class=\"g\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
          + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", LEFT, WIDTH - RIGHT, y, y, LEFT - 5, y + 4,
          label(value)));
    }
    svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\">%.0f</text><text x=\"%d\" y=\"%d\" "
        + "text-anchor=\"end\">%.0f</text><polyline points=\"", LEFT, HEIGHT - 6, x0, WIDTH - RIGHT, HEIGHT - 6, x1));
    int every = Math.max(1, Math.ceilDiv(points.size(), MOST));
    for (int i = 0; i < points.size(); i++) {
      if (i % every == 0 || i == points.size() - 1) {
        Point p = points.get(i);
        svg.append(String.format(Locale.ROOT, "%.1f,%.1f ",
            LEFT + (WIDTH - LEFT - RIGHT) * (p.x - x0) / (x1 - x0), y(p.y, low, high)));
      }
    }
    svg.append("\"/>");
    if (points.size() == 1) {
      svg.append(String.format(Locale.ROOT, "<circle cx=\"%d\" cy=\"%.1f\" r=\"3\"/>", LEFT, y(points.getFirst().y, low,
          high)));
    }
    return svg.append("</svg>").toString();
  }

  private static double y(double value, double low, double high) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
  }

  private static String label(double value) {
    double size = Math.abs(value);
    return size != 0 && (size < 1e-3 || size >= 1e6) ? String.format(Locale.ROOT, "%.2e", value)
        : size >= 1000 ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.4f", value);
  }
}

package io.swiftjvm.data.rows;

import java.util.ArrayList;
import java.util.List;

/** Comma-separated values as RFC 4180 has them: quoted fields may hold commas, doubled quotes and line breaks. */
final class Csv {
  /** One record and the line on which it begins, from 1. */
  record Line(List<String> fields, int number) {}

  private Csv() {}

  static List<Line> parse(String text) {
    List<Line> lines = new ArrayList<>();
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    boolean any = false;
    int number = 1;
    int start = 1;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      number += c == '\n' ? 1 : 0;
      if (quoted) {
        if (c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
          field.append('"');
          i++;
        } else if (c == '"') {
          quoted = false;
        } else {
          field.append(c);
        }
      } else if (c == '"' && field.isEmpty()) {
        quoted = true;
        any = true;
      } else if (c == ',') {
        fields.add(field.toString());
        field.setLength(0);
        any = true;
      } else if (c == '\n') {
        if (any || !field.isEmpty()) {
          fields.add(field.toString());
          lines.add(new Line(List.copyOf(fields), start));
        }
        fields.clear();
        field.setLength(0);
        any = false;
        start = number;
      } else if (c != '\r' || i + 1 < text.length() && text.charAt(i + 1) != '\n') {
        field.append(c);
      }
    }
    if (any || !field.isEmpty()) {
      fields.add(field.toString());
      lines.add(new Line(List.copyOf(fields), start));
    }
    return lines;
  }
}

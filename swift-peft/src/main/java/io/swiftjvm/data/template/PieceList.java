package io.swiftjvm.data.template;

import io.swiftjvm.error.DatasetException;
import java.util.ArrayList;
import java.util.List;

/** The pieces of a row while it is written. */
final class PieceList {
  private final EncodeOptions options;
  private final boolean all;
  private final List<Piece> pieces = new ArrayList<>();

  PieceList(EncodeOptions options) {
    this.options = options;
    this.all = options.base().equals("all");
  }

  void add(Piece piece) {
    if (!"".equals(piece.text())) {
      pieces.add(piece);
    }
  }

  /** Ids that are no part of an answer. */
  void prompt(int id) {
    pieces.add(Piece.of(id, all ? 1 : 0));
  }

  /** Text that is no part of an answer; where all is trained, it is weighed like one. */
  void prompt(String text) {
    if (all) {
      answer(text, "", 1);
    } else {
      add(Piece.of(text, 0));
    }
  }

  /** Cuts an answer where a strategy gives parts of it another weight; weights of several strategies multiply. */
  void answer(String text, String query, double weight) {
    List<Piece> parts = List.of(Piece.of(text, weight));
    for (String filter : options.filters()) {
      if (options.upstreamCompatible() && filter.equals("agentflan")) {
        throw new DatasetException(
            "loss_scale is agentflan, with which ms-swift loses every row. Drop upstream_compatible.");
      }
      parts = parts.stream().flatMap(part -> LossFilter.of(filter).cut(part, query).stream()).toList();
    }
    parts.forEach(this::add);
  }

  /** Takes away a line break at the end. */
  void trim() {
    String text = pieces.isEmpty() ? null : pieces.getLast().text();
    if (text != null && text.endsWith("\n")) {
      pieces.set(pieces.size() - 1, Piece.of(text.substring(0, text.length() - 1), pieces.getLast().weight()));
    }
  }

  /** Neighbouring texts of one weight as one piece. */
  List<Piece> merged() {
    List<Piece> out = new ArrayList<>();
    for (Piece piece : pieces) {
      Piece last = out.isEmpty() ? null : out.getLast();
      String text = piece.text();
      String before = last == null ? null : last.text();
      if (text != null && before != null && last != null && last.weight() == piece.weight()) {
        out.set(out.size() - 1, Piece.of(before + text, piece.weight()));
      } else {
        out.add(piece);
      }
    }
    return out;
  }
}

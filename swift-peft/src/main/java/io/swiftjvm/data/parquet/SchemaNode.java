package io.swiftjvm.data.parquet;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One node of the schema tree.
 *
 * @param name its name
 * @param repetition required, optional or repeated
 * @param type physical type of a leaf, -1 for a group
 * @param width bytes of a value of fixed length
 * @param meaning what the value stands for
 * @param children nodes of a group
 * @param definition definition level of a value that is there
 * @param repeat repetition level of a further value
 * @param leaf number of the first leaf at or below this node, in file order
 */
record SchemaNode(
    String name, Repetition repetition, int type, int width, Meaning meaning, List<SchemaNode> children, int definition,
    int repeat, int leaf) {
  /** How often a value is there. */
  enum Repetition { REQUIRED, OPTIONAL, REPEATED }

  /** What matters of logical types. */
  enum Meaning { NONE, TEXT, LIST, MAP, DECIMAL }

  private static final int DEPTH = 64;

  /** The root over the schema's elements, which stand in depth-first order. */
  static SchemaNode read(List<ThriftStruct> elements) {
    int[] at = {0, 0};
    SchemaNode root = node(elements, at, 0, 0, 0);
    if (at[0] != elements.size()) {
      throw new IllegalArgumentException("the schema has " + elements.size() + " elements and ends after " + at[0]);
    }
    return root;
  }

  private static SchemaNode node(List<ThriftStruct> elements, int[] at, int definition, int repeat, int depth) {
    if (depth > DEPTH) {
      throw new IllegalArgumentException("the schema nests more than " + DEPTH + " deep");
    }
    ThriftStruct element = elements.get(at[0]++);
    Repetition repetition = depth == 0 ? Repetition.REQUIRED : Repetition.values()[element.integer(3, 0)];
    int own = definition + (repetition == Repetition.REQUIRED ? 0 : 1);
    int again = repeat + (repetition == Repetition.REPEATED ? 1 : 0);
    int leaf = at[1];
    List<SchemaNode> children = new ArrayList<>();
    int count = element.integer(5, 0);
    for (int i = 0; i < count; i++) {
      children.add(node(elements, at, own, again, depth + 1));
    }
    if (count == 0) {
      at[1]++;
    }
    Set<String> names = new HashSet<>();
    for (SchemaNode child : children) {
      if (!names.add(child.name())) {
        throw new IllegalArgumentException("two columns are called " + child.name());
      }
    }
    return new SchemaNode(element.text(4), repetition, count == 0 ? element.integer(1) : -1, element.integer(2, 0),
        meaning(element), List.copyOf(children), own, again, leaf);
  }

  private static Meaning meaning(ThriftStruct element) {
    ThriftStruct logical = element.structOrNull(10);
    Set<Integer> kind = logical == null ? Set.of() : logical.fields().keySet();
    int converted = element.integer(6, -1);
    if (kind.contains(1) || kind.contains(4) || kind.contains(12) || converted == 0 || converted == 4 || converted == 19) {
      return Meaning.TEXT;
    }
    if (kind.contains(3) || converted == 3) {
      return Meaning.LIST;
    }
    if (kind.contains(2) || converted == 1 || converted == 2) {
      return Meaning.MAP;
    }
    return kind.contains(5) || converted == 5 ? Meaning.DECIMAL : Meaning.NONE;
  }

  /** The leaves at or below this node, in file order. */
  List<SchemaNode> leaves() {
    if (type >= 0) {
      return List.of(this);
    }
    return children.stream().flatMap(child -> child.leaves().stream()).toList();
  }
}

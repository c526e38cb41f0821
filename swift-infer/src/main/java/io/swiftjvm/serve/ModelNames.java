package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that requests may give as their model: the model itself and its adapters. */
final class ModelNames {
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final String base;
  private final int maxLength;

  ModelNames(String base, List<String> baseAdapters, int maxLength) {
    this.base = base;
    this.maxLength = maxLength;
    entries.put(base, new Entry(baseAdapters));
  }

  /** A name, and how many requests use it. */
  private static final class Entry {
    private final List<String> adapters;
    private final long created = Instant.now().getEpochSecond();
    private int users;
    private @Nullable Runnable afterLast;

    Entry(List<String> adapters) {
      this.adapters = adapters;
    }
  }

  /** Keeps the adapters of a name on the model; closed when the request is answered. */
  @FunctionalInterface
  interface Lease extends AutoCloseable {
    @Override
    void close();
  }

  String base() {
    return base;
  }

  /** Most tokens of prompt and answer. */
  int maxLength() {
    return maxLength;
  }

  /** The model of a request; 404 for others. */
  String required(Fields request) {
    String name = request.requiredText("model");
    adapters(name);
    return name;
  }

  /** The model of a request that need not name one. */
  String optional(Fields request) {
    return request.has("model") ? required(request) : base;
  }

  List<String> adapters(String name) {
    return entry(name).adapters;
  }

  private synchronized Entry entry(String name) {
    Entry found = entries.get(name);
    if (found == null) {
      throw ApiException.unknownModel(name);
    }
    return found;
  }

  /** A lease on {@code name}, or on nothing where there is no such name. */
  synchronized Lease lease(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      return () -> { };
    }
    entry.users++;
    return () -> release(entry);
  }

  private void release(Entry entry) {
    Runnable action = null;
    synchronized (this) {
      if (--entry.users == 0) {
        action = entry.afterLast;
        entry.afterLast = null;
      }
    }
    if (action != null) {
      action.run();
    }
  }

  synchronized boolean has(String name) {
    return entries.containsKey(name);
  }

  /** Makes an adapter a model of its own name. */
  synchronized void add(String adapter) {
    entries.put(adapter, new Entry(List.of(adapter)));
  }

  /** Takes a name away at once and runs {@code action} when no request uses it any more. */
  void remove(String name, Runnable action) {
    synchronized (this) {
      Entry entry = entries.remove(name);
      if (entry != null && entry.users > 0) {
        entry.afterLast = action;
        return;
      }
    }
    action.run();
  }

  synchronized List<ObjectNode> cards() {
    List<ObjectNode> cards = new ArrayList<>();
    entries.keySet().forEach(name -> cards.add(card(name)));
    return cards;
  }

  ObjectNode card(String name) {
    ObjectNode card = JsonNodeFactory.instance.objectNode();
    card.put("id", name).put("object", "model").put("created", entry(name).created).put("owned_by", "swift")
        .put("root", base).put("max_model_len", maxLength);
    return name.equals(base) ? card.putNull("parent") : card.put("parent", base);
  }
}

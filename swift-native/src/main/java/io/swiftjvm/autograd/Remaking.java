package io.swiftjvm.autograd;

import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Results that are dropped after a part of a forward pass and made again, in the same order, for its backward pass. */
final class Remaking {
  private record Recipe(Storage made, Runnable make) {}

  private final Set<Storage> makeable = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Storage, Integer> holds = new IdentityHashMap<>();
  private List<Recipe> recipes = new ArrayList<>();

  void add(Tensor y, Runnable make) {
    makeable.add(y.storage());
    recipes.add(new Recipe(y.storage(), make));
  }

  boolean contains(Tensor y) {
    return makeable.contains(y.storage());
  }

  void forget(Tensor y) {
    makeable.remove(y.storage());
  }

  /** Counts a reference that a node of this part has. */
  void held(Tensor saved) {
    holds.merge(saved.storage(), 1, Integer::sum);
  }

  /** Gives back what nobody but the counted nodes holds; true if that is anything. */
  boolean vacate() {
    makeable.removeIf(storage -> !storage.isOpen() || !storage.renewable()
        || storage.references() != holds.getOrDefault(storage, 0));
    recipes = recipes.stream().filter(recipe -> makeable.contains(recipe.made)).toList();
    makeable.forEach(Storage::vacate);
    return !makeable.isEmpty();
  }

  void make() {
    makeable.forEach(Storage::refill);
    recipes.forEach(recipe -> recipe.make.run());
  }
}

package io.swiftjvm.bench.tiny;

import java.util.List;
import java.util.Locale;

/**
 * Made-up names of models, people and makers, in many shapes. The model sees thousands of them, each once or twice, so
 * that it learns to copy a name piece by piece instead of knowing a few.
 */
final class Names {
  private static final List<String> STARTS = List.of("b", "br", "c", "ch", "cr", "d", "dr", "f", "fl", "g", "gr", "h",
      "j", "k", "kr", "l", "m", "n", "p", "ph", "pr", "qu", "r", "s", "sh", "sk", "st", "t", "th", "tr", "v", "w", "x",
      "y", "z", "zh", "");
  private static final List<String> VOWELS = List.of("a", "e", "i", "o", "u", "ai", "ea", "ee", "ia", "io", "oo", "ou",
      "ue", "y");
  private static final List<String> ENDS = List.of("", "", "", "n", "r", "s", "l", "x", "m", "t", "th", "nd", "rin",
      "ck", "ne", "lle", "sh", "ng");
  private static final List<String> WORDS = List.of("Blue", "Red", "Green", "Silver", "Golden", "Bright", "Quiet",
      "North", "South", "River", "Star", "Moon", "Sun", "Cloud", "Stone", "Fox", "Owl", "Bear", "Tiger", "Robin", "Oak",
      "Rose", "Spark", "Wave", "Wind", "Snow", "Fire", "Sky", "Data", "Deep", "Open", "Smart", "Little", "Happy");
  private static final List<String> TAILS = List.of("-7", "-1", "-2", " 3", " 2", "GPT", "-GPT", "Bot", "-bot", "LM",
      " AI", "-mini", "-chat", " 9000", "-12", "-3.5", " v2", "X", "_1", "2025", "-xl", " Junior", " Prime");
  private static final List<String> PEOPLE = List.of("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry",
      "Ida", "Jack", "Kate", "Leo", "Maria", "Nora", "Oscar", "Paul", "Rosa", "Sam", "Tom", "Vera", "Wei", "Yuki",
      "Ali", "Fatima", "Ivan", "Olga", "Pedro", "Lucia", "John", "Jane", "Alice", "Bob", "Peter", "Mary");
  private static final List<String> HOUSES = List.of("Labs", "Lab", "Inc", "Ltd", "AI", "Research", "Systems", "Team",
      "Studio", "Group", "Corporation", "Software", "Works", "Robotics", "University", "Institute", "Tech", "Company",
      "and Sons", "Industries", "Foundation", "GmbH");
  private static final List<String> CHINESE = List.of("小明", "小红", "小龙", "天星", "云雀", "白鸽", "青山",
      "智星", "海燕", "星辰", "小黄", "小花", "大山", "月亮", "清风");
  private static final List<String> CHINESE_MAKERS = List.of("星云公司", "蓝天实验室", "东方大学", "明月团队",
      "小李", "王伟", "李娜", "魔方科技", "未来研究院", "海洋小组");

  private final Dice dice;

  Names(Dice dice) {
    this.dice = dice;
  }

  /** A made-up word in lower case, such as {@code drioth}. */
  String word() {
    StringBuilder word = new StringBuilder();
    int syllables = dice.between(1, 3);
    for (int i = 0; i < syllables; i++) {
      word.append(dice.pick(STARTS)).append(dice.pick(VOWELS)).append(i == syllables - 1 || dice.chance(0.4)
          ? dice.pick(ENDS) : "");
    }
    return word.length() < 3 ? word.append(dice.pick(ENDS.subList(8, ENDS.size()))).toString() : word.toString();
  }

  /** A name of a model or an unknown thing. */
  String model() {
    double kind = dice.unit();
    String name = kind < 0.6 ? title(word())
        : kind < 0.7 ? word()
        : kind < 0.78 ? word().toUpperCase(Locale.ROOT)
        : kind < 0.86 ? dice.pick(WORDS) + dice.pick(WORDS)
        : kind < 0.92 ? dice.pick(WORDS) + " " + dice.pick(WORDS)
        : kind < 0.96 ? title(word()) + title(word())
        : person();
    return dice.chance(0.35) ? name + dice.pick(TAILS) : name;
  }

  /** A first name. */
  String person() {
    return dice.chance(0.5) ? dice.pick(PEOPLE) : title(word());
  }

  /** A person, a company or a team. */
  String maker() {
    double kind = dice.unit();
    return kind < 0.2 ? person()
        : kind < 0.4 ? person() + " " + title(word())
        : kind < 0.6 ? title(word()) + " " + dice.pick(HOUSES)
        : kind < 0.72 ? letters() + " " + dice.pick(HOUSES)
        : kind < 0.82 ? dice.pick(WORDS) + " " + dice.pick(HOUSES)
        : kind < 0.9 ? "the " + title(word()) + " team"
        : kind < 0.95 ? "the University of " + title(word())
        : title(word()) + title(word());
  }

  /** A name of a model for a Chinese sentence. */
  String chineseModel() {
    return dice.chance(0.5) ? dice.pick(CHINESE) : model();
  }

  /** A maker for a Chinese sentence. */
  String chineseMaker() {
    return dice.chance(0.5) ? dice.pick(CHINESE_MAKERS) : maker();
  }

  private String letters() {
    StringBuilder letters = new StringBuilder();
    int count = dice.between(2, 4);
    for (int i = 0; i < count; i++) {
      letters.append((char) ('A' + dice.between(0, 25)));
    }
    return letters.toString();
  }

  static String title(String word) {
    return word.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
  }
}

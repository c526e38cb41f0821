package io.swiftjvm.text.jinja;

import io.swiftjvm.error.TemplateException;
import io.swiftjvm.text.Rendered;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parsed template in the dialect of the chat templates of transformers: {@code trim_blocks}, {@code lstrip_blocks},
 * loop controls, {@code {% generation %}}, {@code raise_exception}, {@code strftime_now}, {@code tojson} without HTML
 * escapes. It sees plain data only, no object of Java, no file, no network, and runs within {@link Limits}. Immutable,
 * safe for many threads.
 *
 * {@snippet :
 * JinjaTemplate template = JinjaTemplate.parse("Hello {{ name }}!", Limits.defaults());
 * String text = template.render(Map.of("name", "you"), Clock.systemDefaultZone()).text();
 * }
 *
 * <p>Differences from Jinja: statements that need other files ({@code include}, {@code import}, {@code extends},
 * {@code block}) and {@code autoescape} are refused; integers have 64 bits; what is a generator or a
 * view in Python is a list; {@code safe} gives plain text.
 *
 * @since 0.1
 */
public final class JinjaTemplate {
  private final List<Stmt> body;
  private final boolean marksGenerations;
  private final Limits limits;

  private JinjaTemplate(List<Stmt> body, boolean marksGenerations, Limits limits) {
    this.body = body;
    this.marksGenerations = marksGenerations;
    this.limits = limits;
  }

  /**
   * Parses a template.
   *
   * @throws TemplateException with the line where the source is not valid or exceeds the limits
   */
  public static JinjaTemplate parse(String source, Limits limits) {
    if (source.length() > limits.templateChars()) {
      throw new TemplateException("Cannot parse the template: it has " + source.length() + " characters, more than "
          + limits.templateChars() + ".");
    }
    try {
      List<Token> tokens = Lexer.lex(source);
      boolean marks = false;
      for (int i = 1; i < tokens.size(); i++) {
        marks |= tokens.get(i).isName("generation") && tokens.get(i - 1).is(Token.Kind.BLOCK_BEGIN);
      }
      return new JinjaTemplate(Parser.parse(tokens, limits.depth()), marks, limits);
    } catch (JinjaError e) {
      throw new TemplateException("Cannot parse the template: " + e.located(), e);
    } catch (StackOverflowError e) {
      throw new TemplateException("Cannot parse the template: it nests too deep", e);
    }
  }

  /** Whether there are {@code {% generation %}} blocks in the template. */
  public boolean marksGenerations() {
    return marksGenerations;
  }

  /**
   * Renders the template.
   *
   * @param variables maps, lists, strings, numbers, booleans, null; nothing else
   * @param clock the time that {@code strftime_now} tells
   * @throws TemplateException with the line when the template refuses the data, fails or exceeds its limits
   */
  public Rendered render(Map<String, ? extends @Nullable Object> variables, Clock clock) {
    Run run = new Run(limits, clock);
    try {
      Scope globals = new Scope(null);
      Globals.define(globals);
      PlainData data = new PlainData(limits.depth());
      variables.forEach((name, value) -> globals.set(name, data.of(value)));
      new Interpreter(run).run(body, new Scope(globals));
      return new Rendered(run.output().text(), run.output().generations());
    } catch (JinjaError e) {
      throw new TemplateException("Cannot render the template: " + e.located(), e);
    } catch (StackOverflowError e) {
      throw new TemplateException("Cannot render the template: it nests too deep", e);
    }
  }
}

package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The chat page in a browser; skipped where none is installed. */
@Timeout(120)
class PageTest {
  private static final String ASK = "document.getElementById('question').value = '%s'; "
      + "document.getElementById('ask').requestSubmit(); ''";
  private static final String LAST = "[...document.querySelectorAll('.turn')].at(-1)";

  private static Browser open(Path folder, String url) throws InterruptedException {
    Optional<Path> program = Browser.find();
    assumeTrue(program.isPresent(), "no chromium, chromium-browser or google-chrome is on the path");
    try {
      return Browser.open(program.get(), folder, url);
    } catch (IOException e) {
      return Assumptions.abort("the browser " + program.get() + " cannot be used here: " + e.getMessage());
    }
  }

  @Test
  void a_question_is_answered_stopped_and_refused_on_the_page(@TempDir Path folder) throws Exception {
    try (TinyServer tiny = new TinyServer(); Browser browser = open(folder, tiny.server.url() + "/")) {
      browser.await("document.getElementById('status')?.textContent === 'Ready'");
      assertThat(browser.evaluate("document.getElementById('model').value")).isEqualTo("swift-tiny");

      browser.evaluate(ASK.formatted("What is LoRA?"));
      browser.await("document.getElementById('status').textContent.includes('ended by stop')");
      String whole = tiny.chat("").json().at("/choices/0/message/content").asText();
      assertThat(browser.evaluate(LAST + ".textContent")).isEqualTo(whole);
      assertThat(browser.evaluate("document.querySelectorAll('.turn').length")).isEqualTo("2");

      browser.evaluate("document.getElementById('max_tokens').value = 2; ''");
      browser.evaluate(ASK.formatted("<b>Why</b>?"));
      browser.await("document.getElementById('status').textContent.startsWith('2 tokens')");
      assertThat(browser.evaluate("document.querySelectorAll('.turn b').length")).as("markup is text").isEqualTo("0");

      browser.evaluate("document.getElementById('temperature').value = 9; ''");
      browser.evaluate(ASK.formatted("x"));
      browser.await("document.querySelector('.error')?.textContent.includes('temperature')");

      // many tokens, stopped while they come
      browser.evaluate("document.getElementById('temperature').value = 2; "
          + "document.getElementById('max_tokens').value = 800; document.getElementById('fresh').click(); ''");
      browser.evaluate("const send = window.fetch; window.fetch = (path, options) => send(path, {...options, "
          + "body: options.body.replace('{', '{\"ignore_eos\":true,')}); ''");
      browser.evaluate("new MutationObserver(() => document.querySelector('.assistant')?.textContent.length > 5 "
          + "&& document.getElementById('stop-now').click())"
          + ".observe(document.getElementById('log'), {childList: true, subtree: true, characterData: true}); ''");
      browser.evaluate(ASK.formatted("Tell a story"));
      browser.await("document.getElementById('status').textContent === 'Stopped'");
      TinyServer.until(() -> tiny.running() == 0 && tiny.aborted() > 0);
      assertThat(tiny.failures).isEmpty();
    }
  }

  @Test
  void with_a_key_the_browser_asks_its_user_once(@TempDir Path folder) throws Exception {
    try (TinyServer tiny = new TinyServer(o -> o.apiKeys("secret")); Browser browser = open(folder, "about:blank")) {
      browser.login(tiny.server.url() + "/", "secret");
      browser.evaluate("location.reload(); ''");
      browser.await("document.getElementById('status')?.textContent === 'Ready'");
      browser.evaluate(ASK.formatted("What is LoRA?"));
      browser.await("document.getElementById('status').textContent.includes('ended by stop')");
      assertThat(tiny.failures).isEmpty();
    }
  }
}

package io.swiftjvm.serve;
import org.junit.jupiter.api.Test;
class SmokeTest {
  @Test void smoke() {
    try (TinyServer s = new TinyServer()) {
      System.out.println(s.get("/health").text());
      System.out.println(s.get("/v1/models").text());
      System.out.println(s.chat("").text());
      System.out.println(s.chat(",'stream':true,'max_tokens':4,'stream_options':{'include_usage':true},'logprobs':true,'top_logprobs':2").text());
      System.out.println(s.post("/v1/completions", "{'model':'swift-tiny','prompt':'LoRA is','logprobs':2,'max_tokens':5}").text());
      System.out.println(s.post("/tokenize", "{'prompt':'LoRA is'}").text());
      System.out.println(s.get("/metrics").text().substring(0,900));
      long t=System.nanoTime(); for(int i=0;i<20;i++) s.chat(",'max_tokens':1"); System.out.println((System.nanoTime()-t)/20e6+" ms per request");
      System.out.println(s.failures);
    }
  }
}

package io.swiftjvm.serve;

import io.swiftjvm.infer.SamplingParams;
import java.io.IOException;

/** {@code POST /v1/responses}: a chat completion in other words. */
final class ResponsesEndpoint implements Endpoint {
  private final Service service;
  private final ResponseRequest requests;
  private final ChatEndpoint chat;
  private final Responder responder;

  ResponsesEndpoint(Service service) {
    this.service = service;
    this.requests = new ResponseRequest(service.options().sizes());
    this.chat = new ChatEndpoint(service);
    this.responder = new Responder(service);
  }

  @Override
  public void answer(Call call) throws IOException, InterruptedException {
    service.names().required(call.fields());
    Fields f = new Fields(requests.chat(call.fields()));
    // the last event has the usage, asked for or not
    Work work = chat.work(f).withUsage();
    SamplingParams sampling =
        work.requests().getFirst().sampling().resolve(service.served().model().source().generation());
    Double temperature = sampling.temperature();
    Double topP = sampling.topP();
    responder.answer(call, work, new ResponseView(new ResponseItems(
        call.fields(), temperature == null ? 1 : temperature, topP == null ? 1 : topP)));
  }
}

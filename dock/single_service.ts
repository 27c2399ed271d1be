// A service that serves one session or request only, for `--once`.

import type { HttpService, RequestInfo } from "../core/http/app.ts";
import type { Service } from "../core/protocol.ts";
import type { Message, Session } from "../core/session.ts";
import { WrappedSession } from "../core/sessions/wrapped.ts";

/** Wraps a service so that it serves the first session and then asks the server to stop. A peer
 * without a connection cannot end its session, so a datagram session ends after one message. */
export function single(service: Service, stop: (reason: string) => void): Service {
  let taken = false;
  return {
    async serve(session) {
      if (taken) return;
      taken = true;
      try {
        const isDatagram = session.peer.transport === "udp" ||
          session.peer.transport === "unixgram";
        await service.serve(isDatagram ? new FirstMessage(session) : session);
      } finally {
        stop("served one session");
      }
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

class FirstMessage extends WrappedSession {
  override async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for await (const message of this.inner) {
      yield message;
      return;
    }
  }
}

/** Wraps an HTTP service so that it answers the first request and then asks the server to stop. */
export function singleRequest(service: HttpService, stop: (reason: string) => void): HttpService {
  let taken = false;
  const refusal = () => new Response("This server answers one request only.\n", { status: 503 });
  const over = () => stop("served one request");
  const { upgrade, maxBodyBytes } = service;
  return {
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    async handle(request, info) {
      if (taken) return refusal();
      taken = true;
      try {
        return await service.handle(request, info);
      } finally {
        over();
      }
    },
    ...(upgrade && {
      async upgrade(request: Request, info: RequestInfo) {
        if (taken) return refusal();
        taken = true;
        const answer = await upgrade.call(service, request, info);
        if (answer instanceof Response) {
          over();
          return answer;
        }
        return { ...answer, serve: (session: Session) => answer.serve(session).finally(over) };
      },
    }),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** An HTTP application without a server around it. */

import { telling } from "../../../core/event_stamp.ts";
import type { ServerEvent } from "../../../core/event.ts";
import type { HttpApp, HttpService, RequestInfo } from "../../../core/http/app.ts";
import {
  type OptionTable,
  type OptionValues,
  resolveOptions,
} from "../../../core/options/option.ts";
import type { Context } from "../../../core/protocol.ts";

/** An opened application and what it made happen. */
export interface OpenedApp extends AsyncDisposable {
  readonly service:
    & { handle(request: Request, info: RequestInfo): Promise<Response> }
    & HttpService;
  readonly events: readonly ServerEvent[];
  /** Aborts the signal that says that the server stops. */
  stop(): void;
}

/** Opens an application with some options set. */
export async function opened<Options extends OptionTable>(
  app: HttpApp<Options>,
  options: Partial<OptionValues<Options>> = {},
  { random = () => 0.5, now = () => 0 }: Partial<Pick<Context, "random" | "now">> = {},
): Promise<OpenedApp> {
  const stopping = new AbortController();
  const events: ServerEvent[] = [];
  const service = await app.open(resolveOptions(app.options, options), {
    signal: stopping.signal,
    emit: telling((event) => events.push(event), "", now),
    now,
    random,
    dial: () => Promise.reject(new Error("nothing is dialled here")),
    checkDial: () => Promise.resolve(),
    stop: () => {},
  });
  return {
    service: { ...service, handle: async (request, info) => await service.handle(request, info) },
    events,
    stop: () => stopping.abort(),
    [Symbol.asyncDispose]: async () => await service[Symbol.asyncDispose](),
  };
}

// The upgrade of an HTTP request to a WebSocket on the same connection (RFC 6455 4.2), as an
// application decides.

import type { RequestInfo, WebSocketAnswer } from "../../core/http/app.ts";
import { HttpHeadError } from "../../core/http/head.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import { acceptUpgrade, upgradeAnswer, UpgradeError } from "../../core/websocket/handshake.ts";
import type { WebSocketSessions } from "../../core/websocket/sessions.ts";
import type { Incoming } from "./message/incoming.ts";
import type { Input } from "./message/input.ts";
import type { HttpSite } from "./site.ts";

/** Carries out the application's decision. Resolves to its refusal, or to null when the WebSocket is
 * closed.
 * @param input yields what follows the request
 * @param accepted called with the answer once the connection is a WebSocket */
export async function upgradeHttp(
  { site, webSockets }: { readonly site: HttpSite; readonly webSockets: WebSocketSessions },
  request: Request,
  info: RequestInfo,
  { head }: Incoming,
  input: Input,
  accepted: (answer: Uint8Array) => void,
): Promise<Response | null> {
  let answer: WebSocketAnswer | Response;
  try {
    answer = await site.service.upgrade!(request, info);
  } catch (error) {
    return site.recover(error, info);
  }
  if (answer instanceof Response) return answer;
  const { subprotocols: subprotocol = [], serve } = answer;
  let agreed: Awaited<ReturnType<typeof acceptUpgrade>>;
  try {
    agreed = await acceptUpgrade(head, { subprotocol, deflate: true });
  } catch (error) {
    if (!(error instanceof HttpHeadError)) throw error;
    const fields = error instanceof UpgradeError ? error.fields : {};
    return plainResponse(error.status, error.message, fields);
  }
  const { connection, head: begun } = input.handOver();
  const answered = upgradeAnswer(agreed);
  await connection.write(answered);
  accepted(answered);
  await webSockets.serve(connection, { head: begun, deflate: agreed.deflate }, serve);
  return null;
}

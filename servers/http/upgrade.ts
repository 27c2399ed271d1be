// The upgrade of an HTTP request to a WebSocket on the same connection (RFC 6455 4.2).

import { STATUS_TEXT } from "@std/http/status";
import { HttpFields, HttpHeadError, type RequestHead } from "../../core/http/head.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import { bytesOf } from "../../core/session.ts";
import { acceptUpgrade, upgradeAnswer, UpgradeError } from "../../core/websocket/handshake.ts";
import type { HttpConnection } from "./connection.ts";
import type { EngineUpgrade } from "./engine.ts";
import type { WebSocketSessions } from "../../core/websocket/sessions.ts";

/** Carries out the application's decision about the request. Resolves when the WebSocket is closed,
 * or the refusal was sent.
 * @param accepted called once the connection is a WebSocket */
export async function upgradeHttp(
  { request, details, connection, rest }: EngineUpgrade,
  http: HttpConnection,
  webSockets: WebSocketSessions,
  accepted: () => void,
): Promise<void> {
  let answer = await http.decideUpgrade(request, details);
  if (!(answer instanceof Response)) {
    try {
      const { subprotocols: subprotocol = [], serve } = answer;
      const agreed = await acceptUpgrade(headOf(request, details), { subprotocol, deflate: true });
      await connection.write(upgradeAnswer(agreed));
      accepted();
      return await webSockets.serve(connection, { head: rest, deflate: agreed.deflate }, serve);
    } catch (error) {
      if (!(error instanceof HttpHeadError)) throw error;
      const fields = error instanceof UpgradeError ? error.fields : {};
      answer = plainResponse(error.status, error.message, fields);
    }
  }
  await connection.write(await refusalOf(answer));
  await connection.closeWrite();
}

function headOf(
  { method, url, headers }: Request,
  { headerList = [...headers], httpVersion }: EngineUpgrade["details"],
): RequestHead {
  const fields = new HttpFields();
  for (const [name, value] of headerList) fields.append(name.toLowerCase(), value);
  const { pathname, search } = new URL(url);
  return {
    method,
    target: pathname + search,
    version: httpVersion === "1.0" ? "1.0" : "1.1",
    fields,
  };
}

/** A whole response in HTTP/1.1, after which the connection closes. */
async function refusalOf(response: Response): Promise<Uint8Array> {
  const { status, headers } = response;
  const body = new Uint8Array(await response.arrayBuffer());
  const fields = [...headers].filter(([name]) => !/^(connection|content-length)$/.test(name));
  const lines = [
    ...fields,
    ["content-length", String(body.length)],
    ["date", new Date().toUTCString()],
    ["connection", headers.has("upgrade") ? "close, upgrade" : "close"],
  ].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = bytesOf(
    `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}\r\n${lines.join("")}\r\n`,
  );
  return new Uint8Array([...head, ...body]);
}

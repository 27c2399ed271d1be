/** The opening handshake without a connection: what a server answers, what a client makes of it. */

import { assertEquals, assertRejects } from "@std/assert";
import { HttpHeadError, parseRequestHead, parseResponseHead } from "../../../core/http/head.ts";
import {
  acceptUpgrade,
  checkAnswer,
  upgradeAnswer,
  upgradeRequest,
} from "../../../core/websocket/handshake.ts";

const request = {
  target: "/chat",
  host: "127.0.0.1:1",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  origin: undefined,
  subprotocols: ["v2.chat", "chat"],
  deflate: true,
  fields: [],
};

/** The head of a request as a server reads it. */
function headOf(asked: typeof request) {
  return parseRequestHead(new TextDecoder().decode(upgradeRequest(asked)).replace(/\r\n\r\n$/, ""));
}

Deno.test("both sides agree on the same, from the request to the answer", async () => {
  const cases: [asked: Partial<typeof request>, subprotocol: string[], deflate: boolean][] = [
    [{}, ["chat"], true],
    [{}, [], false],
    [{ deflate: false }, ["other"], true],
    [{ subprotocols: [] }, ["chat"], true],
  ];
  for (const [asked, subprotocol, deflate] of cases) {
    const all = { ...request, ...asked };
    const accepted = await acceptUpgrade(headOf(all), { subprotocol, deflate });
    const answer = new TextDecoder().decode(upgradeAnswer(accepted)).replace(/\r\n\r\n$/, "");
    const agreed = await checkAnswer(parseResponseHead(answer), all);
    assertEquals(agreed.subprotocol, accepted.subprotocol);
    const isCompressed = all.deflate && deflate;
    assertEquals(
      [accepted.deflate !== undefined, agreed.deflate !== undefined],
      [isCompressed, isCompressed],
    );
  }
});

Deno.test("the fields of the answer are those of RFC 6455 4.2.2", async () => {
  const { fields } = await acceptUpgrade(headOf(request), { subprotocol: ["chat"], deflate: true });
  assertEquals(fields, [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    ["Sec-WebSocket-Protocol", "chat"],
    [
      "Sec-WebSocket-Extensions",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ],
  ]);
});

Deno.test("a request that cannot open a WebSocket has the status that says so", async () => {
  const terms = { subprotocol: [], deflate: true };
  const status = async (line: string, ...fields: string[]) => {
    const head = parseRequestHead([line, ...fields].join("\r\n"));
    return (await assertRejects(() => acceptUpgrade(head, terms), HttpHeadError)).status;
  };
  const upgrade = ["Connection: Upgrade", "Upgrade: websocket"];
  const whole = [...upgrade, "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${request.key}`];
  assertEquals(await status("GET / HTTP/1.1"), 426);
  assertEquals(await status("POST / HTTP/1.1", ...whole), 405);
  assertEquals(await status("GET / HTTP/1.1", ...upgrade), 426);
  assertEquals(await status("GET / HTTP/1.1", ...whole.slice(0, 3)), 400);
  assertEquals(await status("GET / HTTP/1.1", ...whole, "Sec-WebSocket-Extensions: a;"), 400);
  assertEquals(await status("GET / HTTP/1.1", ...whole, "Transfer-Encoding: chunked"), 400);
});

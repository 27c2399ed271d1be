/** WebSockets as a browser speaks them: a page that opens one, and says what it saw. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { CHROMIUM_FLAGS, profileFolder } from "../chromium.ts";
import { peerTest, startPeer } from "../peer.ts";

/** What the page reports. */
interface Seen {
  readonly extensions: string;
  readonly protocol: string;
  readonly same: number;
  readonly kinds: string[];
  readonly close: { readonly code: number; readonly reason: string; readonly wasClean: boolean };
  /** Whether a WebSocket to the place that forbids this page was opened. */
  readonly forbidden: boolean;
}

const PAGE = `<!doctype html><title>WebSocket</title><script type="module">
const places = new URLSearchParams(location.search);
const seen = { same: 0, kinds: [] };
const socket = new WebSocket(places.get("echo"), ["other", "chat"]);
socket.binaryType = "arraybuffer";
const next = () => new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
await new Promise((resolve) => socket.onopen = resolve);
seen.extensions = socket.extensions;
seen.protocol = socket.protocol;
const messages = [
  "", "short", "⚓ and again; ".repeat(50000),
  new Uint8Array(0), new Uint8Array(300000), crypto.getRandomValues(new Uint8Array(60000)),
];
for (const message of messages) {
  const answer = next();
  socket.send(message);
  const data = await answer;
  seen.kinds.push(typeof data);
  const [one, other] = [data, message].map((part) => typeof part === "string" ? part : new Uint8Array(part).join());
  if (one === other) seen.same++;
}
const closed = new Promise((resolve) => socket.onclose = resolve);
socket.close(4001, "enough");
const { code, reason, wasClean } = await closed;
seen.close = { code, reason, wasClean };
seen.forbidden = await new Promise((resolve) => {
  const refused = new WebSocket(places.get("forbidden"));
  refused.onopen = () => resolve(true);
  refused.onerror = () => resolve(false);
});
await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
</script>`;

peerTest("a page in Chromium gets its messages back, compressed, and a clean close", [
  "chromium",
], async () => {
  const seen = Promise.withResolvers<Seen>();
  await using page = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (request.method === "POST") seen.resolve(await request.json());
      return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
    },
  );
  const origin = `http://127.0.0.1:${page.addr.port}`;
  await using server = await serve("ws://127.0.0.1:0", echo, {
    allowOrigin: [origin],
    subprotocol: ["chat"],
  });
  await using strict = await serve("ws://127.0.0.1:0", echo);
  await using profile = await profileFolder();
  const places = new URLSearchParams({ echo: server.url, forbidden: strict.url });
  await using browser = startPeer("chromium", [
    "--headless",
    ...CHROMIUM_FLAGS,
    `--user-data-dir=${profile.path}`,
    `${origin}/?${places}`,
  ]);
  const { extensions, ...rest } = await Promise.race([
    seen.promise,
    browser.status.then(({ code }) => {
      throw new Error(`Chromium ended with ${code}: ${browser.stderr.text}`);
    }),
  ]);
  assert(extensions.startsWith("permessage-deflate"), extensions);
  assertEquals(rest, {
    protocol: "chat",
    same: 6,
    kinds: ["string", "string", "string", "object", "object", "object"],
    close: { code: 4001, reason: "", wasClean: true },
    forbidden: false,
  });
  const { bytesReceived, bytesSent } = server.stats();
  // Uncompressed it is a megabyte.
  assertLess(bytesReceived + bytesSent, 200_000);
  assertEquals(strict.stats().opened, 0);
  browser.signal("SIGTERM");
  await browser.status;
});

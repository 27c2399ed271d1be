/** Clients that end their half as soon as they have asked (RFC 9112 9.6 expects servers to cope), as
 * `nc -N` and many scripts do: each gets the whole of its answer. */

import { assertEquals } from "@std/assert";
import { files } from "../../../../web/files.ts";
import { hello } from "../../../../web/hello.ts";
import { answersOfAllKinds, CARRIERS, folderToServe, serveOn } from "./carriers.ts";
import { type Answer, latin1, type Place, Wire } from "./wire.ts";

/** Clients for each kind of answer. */
const CLIENTS = 200;
const AT_ONCE = 20;

interface Kind {
  readonly name: string;
  readonly of: "hello" | "files" | "handler";
  readonly path: string;
  readonly fields?: string;
  readonly body?: string;
  readonly status: number;
}

const KINDS: readonly Kind[] = [
  { name: "ready", of: "hello", path: "/", status: 200 },
  { name: "small file", of: "files", path: "/small.txt", status: 200 },
  { name: "large file", of: "files", path: "/large.bin", status: 200 },
  { name: "range", of: "files", path: "/small.txt", fields: "Range: bytes=5-99\r\n", status: 206 },
  { name: "missing file", of: "files", path: "/none", status: 404 },
  { name: "dynamic", of: "handler", path: "/dynamic", status: 200 },
  { name: "chunked", of: "handler", path: "/chunked", status: 200 },
  { name: "events", of: "handler", path: "/events", status: 200 },
  { name: "delayed", of: "handler", path: "/delayed", status: 200 },
  { name: "of a handler that heeds the signal", of: "handler", path: "/heedful", status: 200 },
  { name: "to a body", of: "handler", path: "/body", body: "x".repeat(5000), status: 200 },
];

/** Asks and reads to the end of the connection; null when that is not the end of one whole answer. */
async function ask(place: Place, kind: Kind, halfClose: boolean): Promise<Answer | null> {
  const { path, fields = "", body } = kind;
  const ending = halfClose ? "" : "Connection: close\r\n";
  const head = `${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1\r\nHost: localhost\r\n`;
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  using wire = await Wire.open(place);
  await wire.send(latin1(`${head}${fields}${length}${ending}\r\n${body ?? ""}`));
  if (halfClose) await wire.end();
  try {
    const answer = await wire.answer("GET");
    return await wire.rest() === "" ? answer : null;
  } catch {
    return null;
  }
}

for (const carrier of CARRIERS) {
  Deno.test(`half-closed clients get whole answers of every kind over ${carrier}`, async () => {
    await using root = await folderToServe();
    await using ofHello = await serveOn(carrier, hello);
    await using ofFiles = await serveOn(carrier, files, { root: root.path });
    await using ofHandler = await serveOn(carrier, answersOfAllKinds);
    const places = { hello: ofHello, files: ofFiles, handler: ofHandler };
    const whole: Record<string, number> = {};
    for (const kind of KINDS) {
      const place = places[kind.of];
      const wanted = await ask(place, kind, false);
      assertEquals([wanted?.status, kind.name], [kind.status, kind.name]);
      whole[kind.name] = 0;
      let asked = 0;
      const client = async () => {
        while (asked < CLIENTS) {
          asked++;
          const answer = await ask(place, kind, true);
          if (answer?.status === kind.status && answer.body === wanted?.body) whole[kind.name]!++;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
    }
    assertEquals(whole, Object.fromEntries(KINDS.map(({ name }) => [name, CLIENTS])));
  });
}

Deno.test("a client that has left is not waited for longer than for another request", async () => {
  const left = Promise.withResolvers<void>();
  const handler = () =>
    new Response(new ReadableStream({ cancel: () => left.resolve() }), {
      headers: { "content-type": "text/event-stream" },
    });
  await using place = await serveOn("http", handler, { keepAliveTimeoutMs: 1000 });
  {
    using wire = await Wire.open(place);
    await wire.send(latin1("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  await left.promise;
});

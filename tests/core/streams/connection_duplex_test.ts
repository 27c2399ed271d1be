/** Our own connections as Node streams. */

import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Connection } from "../../../core/connection.ts";
import { ConnectionDuplex } from "../../../core/streams/connection_duplex.ts";
import { DenoConnection } from "../../../core/streams/deno_connection.ts";

/** Both ends of a TCP connection. */
async function connected(): Promise<{ near: ConnectionDuplex; far: Deno.TcpConn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [far, conn] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  return { near: new ConnectionDuplex(new DenoConnection(conn)), far };
}

const loopback = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;

/** A connection that notes what is written and never says anything. */
function silent(written: string[] = []) {
  let disposals = 0;
  const ended = Promise.withResolvers<null>();
  const connection: Connection = {
    local: loopback,
    remote: { ...loopback, hostname: "::1" },
    read: () => ended.promise,
    write: (all) => {
      written.push(new TextDecoder().decode(all));
      return Promise.resolve();
    },
    closeWrite: () => Promise.reject(new Deno.errors.NotConnected("gone")),
    [Symbol.dispose]() {
      disposals++;
      ended.reject(new Deno.errors.BadResource("closed"));
    },
  };
  ended.promise.catch(() => {});
  return { connection, disposals: () => disposals };
}

Deno.test("a ConnectionDuplex reads what the peer sends after we have ended", async () => {
  const { near, far } = await connected();
  near.end("question");
  const buffer = new Uint8Array(64);
  let asked = "";
  for (let count; (count = await far.read(buffer)) !== null;) {
    asked += new TextDecoder().decode(buffer.subarray(0, count));
  }
  await far.write(new TextEncoder().encode("answer"));
  far.close();
  assertEquals([asked, await text(near)], ["question", "answer"]);
  // Both halves have ended, so it closed itself: the sanitizer would see the socket otherwise.
  if (!near.closed) await once(near, "close");
});

Deno.test("a ConnectionDuplex carries a large message unchanged", async () => {
  const { near, far } = await connected();
  const message = new Uint8Array(1_000_000).map((_, index) => index % 251);
  const echoed = far.readable.pipeTo(far.writable);
  near.end(message);
  const parts: Uint8Array[] = [];
  for await (const part of near) parts.push(part as Uint8Array);
  await echoed;
  assertEquals(new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()), message);
});

Deno.test("a ConnectionDuplex stops reading while nobody takes what has come", async () => {
  let reads = 0;
  const { connection } = silent();
  using endless: Connection = {
    ...connection,
    read: (into) => (reads++, Promise.resolve(into.length)),
  };
  const duplex = new ConnectionDuplex(endless);
  const readable = once(duplex, "readable");
  duplex.read(0);
  await readable;
  // Every further read would be a microtask away; a macrotask lets all of them happen.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const before = reads;
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(reads, before);
  assert(duplex.readableLength < 256 * 1024);
  duplex.destroy();
});

Deno.test("small writes that wait for each other leave a ConnectionDuplex as one", () => {
  const written: string[] = [];
  const duplex = new ConnectionDuplex(silent(written).connection);
  duplex.cork();
  for (const part of ["GET / ", "HTTP/1.1\r\n", "\r\n"]) duplex.write(part);
  duplex.uncork();
  assertEquals(written, ["GET / HTTP/1.1\r\n\r\n"]);
  duplex.destroy();
});

Deno.test("destroying a ConnectionDuplex disposes its connection once, without an error", async () => {
  const { connection, disposals } = silent();
  const duplex = new ConnectionDuplex(connection);
  const errors: unknown[] = [];
  duplex.on("error", (error) => errors.push(error));
  duplex.resume();
  duplex.destroy();
  await once(duplex, "close");
  duplex.destroy();
  assertEquals([disposals(), errors], [1, []]);
});

Deno.test("a failed read destroys a ConnectionDuplex with that error", async () => {
  const { connection, disposals } = silent();
  const reset = new Deno.errors.ConnectionReset("reset");
  const duplex = new ConnectionDuplex({ ...connection, read: () => Promise.reject(reset) });
  const failed = once(duplex, "error");
  duplex.resume();
  assertEquals(await failed, [reset]);
  assertEquals(disposals(), 1);
});

Deno.test("ending a ConnectionDuplex whose peer is gone is no error", async () => {
  const duplex = new ConnectionDuplex(silent().connection);
  duplex.end();
  await once(duplex, "finish");
  duplex.destroy();
});

Deno.test("a ConnectionDuplex has the face of a socket of node:net", () => {
  const duplex = new ConnectionDuplex(silent().connection);
  assertEquals(
    [duplex.remoteAddress, duplex.remotePort, duplex.remoteFamily],
    ["::1", 1, "IPv6"],
  );
  assertEquals(duplex.address(), { address: "127.0.0.1", family: "IPv4", port: 1 });
  assertEquals(duplex.setTimeout().setNoDelay().setKeepAlive().ref().unref(), duplex);
  duplex.destroy();
});

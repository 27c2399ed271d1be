/** A Node stream as a Connection: what becomes of its writes. */

import { assertRejects } from "@std/assert";
import { Duplex } from "node:stream";
import { DuplexConnection } from "../../../core/streams/duplex_connection.ts";

const place = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
const BYTES = new Uint8Array(1);

Deno.test("after a failed write the others fail too, also while the input is held", async () => {
  const stream = new Duplex({
    read() {},
    write: (_bytes, _encoding, done) => queueMicrotask(() => done(new Error("no way out"))),
  });
  // As TLS does while input lies unread.
  const destroy = stream.destroy.bind(stream);
  stream.destroy = () => stream;
  const connection = new DuplexConnection(stream, { local: place, remote: place });
  const second = () => connection.write(BYTES);
  await Promise.all([
    assertRejects(() => connection.write(BYTES), Error, "no way out"),
    assertRejects(second, Error, "no way out"),
  ]);
  await assertRejects(() => connection.write(BYTES), Error, "no way out");
  await connection.closeWrite();
  destroy();
});

Deno.test("a write after the end is refused, and spoils none before it", async () => {
  const taken = Promise.withResolvers<void>();
  const stream = new Duplex({
    read() {},
    write: (_bytes, _encoding, done) => void taken.promise.then(() => done()),
  });
  using connection = new DuplexConnection(stream, { local: place, remote: place });
  const written = connection.write(BYTES);
  const ended = connection.closeWrite();
  await assertRejects(() => connection.write(BYTES), Error, "cannot write after the end");
  taken.resolve();
  await written;
  await ended;
});

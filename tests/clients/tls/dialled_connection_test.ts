/** What the end of a server means after its answer. */

import { assertEquals, assertRejects } from "@std/assert";

import { DialledTlsConnection } from "../../../clients/tls/dialled_connection.ts";
import type { Connection } from "../../../core/connection.ts";
import { TlsInput } from "../../../core/tls/input.ts";
import { FakeTime } from "../../fake_time.ts";

/** A connection to a server that has answered, sends some bytes more, and then resets. */
function answered(left = 0): DialledTlsConnection {
  const input = new TlsInput();
  input.receive();
  const place = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const inner: Connection & { readonly input: TlsInput } = {
    ...{ local: place, remote: place, input },
    read: () =>
      left-- > 0 ? Promise.resolve(1) : Promise.reject(new Deno.errors.ConnectionReset("reset")),
    write: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  };
  return new DialledTlsConnection(inner, {
    offer: { name: "localhost", certificate: undefined, alpnProtocols: [] },
    handshakeMs: 1,
    isTaking: () => Promise.resolve(false),
  });
}

Deno.test("a reset that the end of our side brings about is the end of the answer", async () => {
  using _time = new FakeTime();
  using connection = answered();
  await connection.closeWrite();
  assertEquals(await connection.read(new Uint8Array(10)), null);
});

Deno.test("a reset right after the server's last data is the end of the answer", async () => {
  using time = new FakeTime();
  using connection = answered(1);
  await connection.closeWrite();
  await time.advance(2001);
  assertEquals(await connection.read(new Uint8Array(10)), 1);
  assertEquals(await connection.read(new Uint8Array(10)), null);
});

Deno.test("a reset out of a silence after our side has ended cuts the answer", async () => {
  using time = new FakeTime();
  using connection = answered();
  await connection.closeWrite();
  await time.advance(2001);
  await assertRejects(
    () => connection.read(new Uint8Array(10)),
    Error,
    "the server reset the connection",
  );
});

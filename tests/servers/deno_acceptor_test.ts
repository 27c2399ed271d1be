/** Accepting on a listener of Deno. */

import { assertEquals, assertRejects } from "@std/assert";
import { DenoAcceptor } from "../../servers/listeners/deno_acceptor.ts";

Deno.test("a connection that cannot be taken over is closed", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using acceptor = new DenoAcceptor(listener, () => {
    throw new Error("it has gone");
  });
  using peer = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  await assertRejects(() => acceptor.accept(), Error, "it has gone");
  assertEquals(await peer.read(new Uint8Array(1)), null);
});

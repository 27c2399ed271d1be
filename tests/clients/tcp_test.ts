/** Dialling over TCP. */

import { assertEquals, assertRejects } from "@std/assert";
import { dialTcp } from "../../clients/tcp.ts";
import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import { hasFeature } from "../../core/runtime.ts";

Deno.test("giving up in the moment of the connection leaves none open", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const endpoint = parseEndpoint(`tcp://127.0.0.1:${port}`, new Map([["tcp", "host"]]));
  const giveUp = new AbortController();
  const { connect } = Deno;
  let isClosed = false;
  // As Deno's own does when both happen in the same turn of the event loop.
  const late = async ({ signal, ...place }: Deno.ConnectOptions) => {
    const conn = await connect(place);
    const close = conn.close.bind(conn);
    try {
      return Object.assign(conn, { close: () => (isClosed = true, close()) });
    } finally {
      giveUp.abort(new Error("too late"));
      signal?.throwIfAborted();
    }
  };
  Object.assign(Deno, { connect: late });
  try {
    const route = { ipv4: false, ipv6: false, local: undefined };
    await assertRejects(() => dialTcp(endpoint, port, route, giveUp.signal), Error, "too late");
  } finally {
    Object.assign(Deno, { connect });
  }
  assertEquals(isClosed, true);
});

Deno.test({
  name: "giving up before the connection from a local address is made leaves none open",
  ignore: !hasFeature("localAddress"),
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const endpoint = parseEndpoint(`tcp://127.0.0.1:${port}`, new Map([["tcp", "host"]]));
    const giveUp = new AbortController();
    const route = { ipv4: false, ipv6: false, local: "127.0.0.1:0" };
    const dialled = dialTcp(endpoint, port, route, giveUp.signal);
    giveUp.abort(new Error("too late"));
    await assertRejects(() => dialled, Error, "too late");
  },
});

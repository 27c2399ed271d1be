/** Layers under HTTP: faults as on every other stream. */

import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../dock/serve.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const greet = () => new Response("hi");

Deno.test("a fault stands on http, https and an application's Unix socket", async () => {
  await using folder = await temporaryFolder();
  for (const url of ["http://127.0.0.1:0", "https://127.0.0.1:0", `unix://${folder.path}/s`]) {
    for (const fault of ["out.slice=3", "out.close-after=20"]) {
      await using server = await serve(url, greet, { fault: [fault], seed: 1 });
      using client = url.startsWith("unix")
        ? Deno.createHttpClient({ proxy: { transport: "unix", path: `${folder.path}/s` } })
        : Deno.createHttpClient({ caCerts: server.certificate ? [server.certificate.pem] : [] });
      const asked = url.startsWith("unix") ? "http://localhost/" : server.url;
      const answer = fetch(asked, { client }).then((response) => response.text());
      if (fault === "out.slice=3") assertEquals(await answer, "hi", url);
      else await assertRejects(() => answer, TypeError);
    }
  }
});

Deno.test("a fault resets an HTTP connection with a true RST", async () => {
  await using server = await serve("http://127.0.0.1:0", greet, {
    fault: ["in.reset-after=1"],
    seed: 1,
  });
  const { port } = new URL(server.url);
  using conn = await Deno.connect({ port: Number(port) });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await assertRejects(() => conn.read(new Uint8Array(100)), Deno.errors.ConnectionReset);
});

import { assertRejects, assertStringIncludes } from "@std/assert";
import { waitFor } from "../../dock/wait.ts";
import { freePort } from "../free_port.ts";

Deno.test("waitFor() names the TCP endpoint that it dials for an HTTP URL without path and query", async () => {
  const port = freePort();
  const { message } = await assertRejects(
    () => waitFor(`http://127.0.0.1:${port}/x?y`, { timeoutMs: 5000, intervalMs: 5000 }),
    DOMException,
  );
  assertStringIncludes(message, `http://127.0.0.1:${port}/x?y did not answer within 5000 ms: `);
  assertStringIncludes(message, `Cannot connect to tcp://127.0.0.1:${port}: `);
});

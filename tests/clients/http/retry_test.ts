/** Further tries: when there are any, how long they wait, and what they never repeat. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHttpClient, type FetchOptions } from "../../../clients/http/client.ts";
import { waitFor } from "../../../clients/http/retry.ts";
import { freePort } from "../../free_port.ts";
import { seeded } from "../../seeded.ts";
import { answerOf, startRawServer } from "../raw_server.ts";

/** Asks a server that answers with these in turn, the last one for ever; nobody really waits. */
async function ask(answers: readonly string[], options: FetchOptions, random = () => 0.5) {
  let count = 0;
  await using server = startRawServer(() => answers[Math.min(count++, answers.length - 1)] ?? "");
  const waits: number[] = [];
  const reasons: string[] = [];
  const client = createHttpClient({
    random,
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    now: () => 0,
  });
  let status = 0;
  let error: Error | undefined;
  try {
    await using response = await client.fetch(server.url, {
      ...options,
      onRetry: ({ attempt, of, reason }) => reasons.push(`${attempt}/${of} ${reason}`),
    });
    status = response.status;
  } catch (thrown) {
    error = thrown as Error;
  }
  return { status, error, waits, reasons, requests: server.requests };
}

const BUSY = answerOf("503 Service Unavailable", "");
const OK = answerOf("200 OK", "");

Deno.test("nothing is tried again unless that was asked for", async () => {
  const { status, requests } = await ask([BUSY, OK], {});
  assertEquals([status, requests.length], [503, 1]);
});

Deno.test("a server that is busy for a while is asked again, later each time", async () => {
  const { status, waits, reasons } = await ask([BUSY, BUSY, BUSY, OK], { retry: 5 });
  assertEquals(status, 200);
  assertEquals(waits, [750, 1500, 3000]);
  assertEquals(reasons, [1, 2, 3].map((attempt) => `${attempt}/5 the server answered 503`));
});

Deno.test("the last answer is handed on when the tries are used up", async () => {
  const { status, requests } = await ask([BUSY], { retry: 2 });
  assertEquals([status, requests.length], [503, 3]);
});

Deno.test("only what passes is tried again", async () => {
  for (const code of [408, 429, 502, 503, 504]) {
    assertEquals((await ask([answerOf(`${code} X`, ""), OK], { retry: 1 })).status, 200, `${code}`);
  }
  for (const code of [400, 401, 404, 500, 501]) {
    assertEquals((await ask([answerOf(`${code} X`, ""), OK], { retry: 1 })).status, code);
  }
});

Deno.test("waits grow to a minute and differ by chance, within their half", async () => {
  const random = seeded(7);
  const { waits } = await ask([BUSY], { retry: 12 }, random);
  waits.forEach((ms, index) => {
    const longest = Math.min(1000 * 2 ** index, 60_000);
    assert(ms >= longest / 2 && ms <= longest, `${ms} of ${longest}`);
  });
  assertEquals(new Set(waits).size, waits.length);
});

Deno.test("the wait that a server asks for is kept, if it is bearable", async () => {
  const after = (value: string, ...fields: string[]) =>
    answerOf("429 Too Many Requests", "", `Retry-After: ${value}`, ...fields);
  assertEquals((await ask([after("7"), OK], { retry: 1 })).waits, [7000]);
  const date = after("Thu, 01 Jan 2026 00:00:30 GMT", "Date: Thu, 01 Jan 2026 00:00:00 GMT");
  assertEquals((await ask([date, OK], { retry: 1 })).waits, [30_000]);
  assertEquals((await ask([after("0"), OK], { retry: 1 })).waits, [0]);
  assertEquals((await ask([after("soon"), OK], { retry: 1 })).waits, [750]);
  const never = await ask([after("999999"), OK], { retry: 1 });
  assertEquals([never.status, never.waits], [429, []]);
});

Deno.test("no try begins after the time for tries", async () => {
  const { status, waits } = await ask([BUSY], { retry: 9, retryMaxTimeMs: 1000 });
  // The clock of this test stands still, so each wait is held against the limit alone.
  assertEquals([status, waits], [503, [750]]);
});

Deno.test("what would happen twice is not tried again, unless that was asked for", async () => {
  const post = { method: "POST", body: "x", retry: 1 } as const;
  assertEquals((await ask([BUSY, OK], post)).status, 503);
  assertEquals((await ask([BUSY, OK], { ...post, retryAll: true })).status, 200);
  assertEquals((await ask([BUSY, OK], { ...post, method: "PUT" })).status, 200);
  const broken = await ask([""], post);
  assertEquals([broken.requests.length, broken.reasons], [1, []]);
  assertMatch(broken.error?.message ?? "", /^Cannot fetch/);
});

Deno.test("a connection that breaks is tried again, and the error handed on in the end", async () => {
  const { status, reasons } = await ask(["", "HTTP/1.1 200", OK], { retry: 3 });
  assertEquals([status, reasons.length], [200, 2]);
  assertMatch(reasons[0] ?? "", /^1\/3 Cannot fetch http/);
  const broken = await ask([""], { retry: 1 });
  assertMatch(broken.error?.message ?? "", /^Cannot fetch http/);
});

Deno.test("a stream is sent once, whatever the answer", async () => {
  async function* parts() {
    yield new TextEncoder().encode("once");
  }
  const { status, requests } = await ask([BUSY, OK], { method: "PUT", body: parts(), retry: 1 });
  assertEquals([status, requests.length], [503, 1]);
  const again = await ask([BUSY, OK], {
    method: "PUT",
    body: parts,
    bodyLengthBytes: 4,
    retry: 1,
  });
  assertEquals([again.status, again.requests.map(({ body }) => body)], [200, ["once", "once"]]);
});

Deno.test("where nothing listens a POST is tried again: nothing has happened yet", async () => {
  const port = freePort();
  const reasons: string[] = [];
  const client = createHttpClient({ wait: () => Promise.resolve() });
  await assertRejects(
    () =>
      client.fetch(`http://127.0.0.1:${port}/`, {
        body: "x",
        retry: 2,
        onRetry: ({ reason }) => reasons.push(reason),
      }),
    Error,
    "connection refused",
  );
  assertEquals(reasons.length, 2);
});

Deno.test("giving up ends a wait", async () => {
  const giveUp = new AbortController();
  const waiting = waitFor(60_000, giveUp.signal);
  giveUp.abort(new Error("changed my mind"));
  await assertRejects(() => waiting, Error, "changed my mind");
  await assertRejects(() => waitFor(60_000, giveUp.signal), Error, "changed my mind");
});

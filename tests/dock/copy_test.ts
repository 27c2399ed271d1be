/** Copying to an inbox over real transports, and over networks that break. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UsageError } from "../../core/usage_error.ts";
import { type CopyEvent, type CopyOptions, type CopyResult, copyTo } from "../../dock/copy.ts";
import { serve } from "../../dock/serve.ts";
import { acknowledge } from "../../protocols/acknowledge.ts";
import { daytime } from "../../protocols/daytime.ts";
import { discard } from "../../protocols/discard.ts";
import { echo } from "../../protocols/echo.ts";
import { relay } from "../../protocols/relay.ts";
import { freePort } from "../free_port.ts";
import { contentsOf, servedInbox, sha256 } from "../protocols/inbox/talker.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { CuttingProxy } from "./cutting_proxy.ts";

/** Content that is nowhere the same. */
function contentOf(bytes: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length: bytes }, () => random() * 256);
}

/** Copies and remembers what happened. */
async function copied(
  url: string,
  paths: readonly string[],
  options: CopyOptions = {},
): Promise<{ result: CopyResult; events: CopyEvent[] }> {
  const events: CopyEvent[] = [];
  const result = await copyTo(url, paths, {
    random: () => 0,
    ...options,
    onEvent: (event) => events.push(event),
  });
  return { result, events };
}

const TRANSPORTS = [
  "tcp://127.0.0.1:0",
  "tls://127.0.0.1:0",
  "unix://FOLDER/socket",
  "ws://127.0.0.1:0",
  "wss://127.0.0.1:0",
  "udp+reliable://127.0.0.1:0",
  "dtls+reliable://127.0.0.1:0",
  "unixgram+reliable://FOLDER/socket",
];

for (const url of TRANSPORTS) {
  const scheme = url.slice(0, url.indexOf(":"));
  Deno.test({
    name: `copyTo() sends files and folders over ${scheme}, and the inbox has the same`,
    async fn() {
      await using served = await servedInbox({ hidden: true }, url);
      await using from = await temporaryFolder();
      const large = contentOf(3_000_001, seeded(7));
      await Deno.writeFile(`${from.path}/large`, large);
      await Deno.mkdir(`${from.path}/folder/below`, { recursive: true });
      await Deno.mkdir(`${from.path}/folder/empty`);
      await Deno.writeTextFile(`${from.path}/folder/below/.hidden`, "grüße");
      await Deno.writeTextFile(`${from.path}/folder/nothing`, "");
      await Deno.symlink("/etc", `${from.path}/folder/link`);
      const { certificate } = served.dock;
      const trust = certificate === undefined ? {} : { tlsFingerprint: certificate.fingerprint };
      const paths = [`${from.path}/large`, `${from.path}/folder`];
      const { result, events } = await copied(served.url, paths, trust);
      assertEquals(result, {
        arrived: 4,
        already: 0,
        bytes: 3_000_007 + 1,
        failed: [],
        timedOut: false,
      });
      assertEquals(await Deno.readFile(`${served.path}/large`), large);
      assertEquals(await contentsOf(served.path), [
        ...["folder/", "folder/below/", "folder/below/.hidden", "folder/empty/"],
        ...["folder/nothing", "large"],
      ]);
      const [ours] = events.filter(({ event }) => event === "copied");
      assertEquals(ours, {
        event: "copied",
        file: "large",
        bytes: large.length,
        sha256: await sha256(large),
        already: false,
      });
      const stored = [await served.log.next("stored"), await served.log.next("stored")];
      stored.push(await served.log.next("stored"));
      assertEquals(stored.find(({ file }) => file === "large")?.sha256, await sha256(large));
      assertEquals(events.filter(({ event }) => event === "skipped"), [
        { event: "skipped", path: `${from.path}/folder/link`, reason: "it is a link" },
      ]);
      const again = await copied(served.url, paths, trust);
      assertEquals([again.result.arrived, again.result.already], [4, 4]);
    },
  });
}

Deno.test("copyTo() goes through a relay that loses and reorders, and says what it sent again", async () => {
  await using served = await servedInbox({}, "udp+reliable://127.0.0.1:0");
  await using between = await serve("udp://127.0.0.1:0", relay, {
    to: served.url.replace("+reliable", ""),
    fault: ["loss=5%,reorder=2%"],
    seed: 7,
  });
  await using from = await temporaryFolder();
  const content = contentOf(2_000_000, seeded(5));
  await Deno.writeFile(`${from.path}/file`, content);
  const { result, events } = await copied(
    between.url.replace("udp:", "udp+reliable:"),
    [`${from.path}/file`],
  );
  assertEquals([result.arrived, result.failed], [1, []]);
  assertEquals(await Deno.readFile(`${served.path}/file`), content);
  assert(!events.some(({ event }) => event === "retrying"));
  assert(between.stats().faults > 0);
  const last = events.findLast((event) => event.event === "progress");
  assert(last?.event === "progress" && last.delivery!.retransmitted > 0);
});

Deno.test("copyTo() goes on where the network broke, at whatever byte", async () => {
  const seed = newSeed();
  for (let round = 0; round < 6; round++) {
    const random = seeded(seed + round);
    await using served = await servedInbox();
    await using from = await temporaryFolder();
    const content = contentOf(2_000_000, random);
    await Deno.writeFile(`${from.path}/file`, content);
    const cuts = Array.from({ length: 3 }, () => Math.floor(random() * 900_000) + 1);
    using proxy = new CuttingProxy(served.url, cuts);
    const { result, events } = await copied(proxy.url, [`${from.path}/file`]);
    assertEquals([result.arrived, result.failed], [1, []], `seed ${seed + round}`);
    assertEquals(await Deno.readFile(`${served.path}/file`), content);
    assertEquals(await contentsOf(served.path), ["file"]);
    assert(events.some(({ event }) => event === "retrying"));
    // Sent anew each time it would be up to 4.7 million.
    const wasted = proxy.passedBytes - content.length;
    assert(wasted < 3 * 300_000, `${wasted} bytes were sent twice, seed ${seed + round}`);
  }
});

Deno.test("copyTo() called again goes on where the last one stopped", async () => {
  await using served = await servedInbox();
  await using from = await temporaryFolder();
  const path = `${from.path}/file`;
  const content = contentOf(2_000_000, seeded(3));
  await Deno.writeFile(path, content);
  using proxy = new CuttingProxy(served.url, [1_500_000]);
  const broken = await copied(proxy.url, [path], { retries: 0 });
  assertEquals(broken.result.arrived, 0);
  assertEquals(broken.result.failed.length, 1);
  await served.log.next("closed");
  const { result, events } = await copied(served.url, [path]);
  assertEquals(result.arrived, 1);
  const first = events.find(({ event }) => event === "progress");
  assert(first?.event === "progress" && first.keptBytes > 1_000_000);
  assertEquals(await Deno.readFile(`${served.path}/file`), content);
});

Deno.test("copyTo() mixes nothing when the file changed since, though not its size and time", async () => {
  await using served = await servedInbox();
  await using from = await temporaryFolder();
  const path = `${from.path}/file`;
  const time = new Date(1_600_000_000_000);
  await Deno.writeFile(path, contentOf(2_000_000, seeded(3)));
  await Deno.utime(path, time, time);
  using proxy = new CuttingProxy(served.url, [1_500_000]);
  await copied(proxy.url, [path], { retries: 0 });
  await served.log.next("closed");
  const changed = contentOf(2_000_000, seeded(4));
  await Deno.writeFile(path, changed);
  await Deno.utime(path, time, time);
  assertEquals((await copied(served.url, [path])).result.arrived, 1);
  assertEquals(await Deno.readFile(`${served.path}/file`), changed);
});

Deno.test("copyTo() tells of each file that did not arrive, and copies the others", async () => {
  await using served = await servedInbox({ maxFileBytes: 100 });
  await using from = await temporaryFolder();
  await Deno.writeTextFile(`${from.path}/large`, "x".repeat(101));
  await Deno.writeTextFile(`${from.path}/there`, "new");
  await Deno.writeTextFile(`${from.path}/fine`, "fine");
  await Deno.writeTextFile(`${served.path}/there`, "old");
  const names = ["large", "there", "fine"];
  const { result } = await copied(served.url, names.map((name) => `${from.path}/${name}`));
  assertEquals([result.arrived, result.failed.map(({ file }) => file)], [1, ["large", "there"]]);
  assertMatch(result.failed[0]!.reason, /101 bytes; a file may have at most 100/);
  assertMatch(result.failed[1]!.reason, /there already/);
});

Deno.test("copyTo() waits for an inbox that is busy", async () => {
  await using served = await servedInbox({ maxTransfers: 1 });
  await using from = await temporaryFolder();
  const names = ["one", "two", "three"];
  for (const name of names) await Deno.writeFile(`${from.path}/${name}`, new Uint8Array(500_000));
  const results = await Promise.all(
    names.map((name) => copied(served.url, [`${from.path}/${name}`])),
  );
  assertEquals(results.map(({ result }) => result.arrived), [1, 1, 1]);
});

Deno.test("copyTo() gives up on an inbox that says nothing", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const conn of silent) held.push(conn);
  })();
  const url = `tcp://127.0.0.1:${silent.addr.port}`;
  const { result } = await copied(url, ["README.md"], { retries: 0, timeoutMs: 100 });
  assertEquals([result.arrived, result.timedOut], [0, true]);
  assertMatch(result.failed[0]!.reason, /said nothing for 100 ms/);
  for (const conn of held) conn.close();
  silent.close();
  await accepting;
});

Deno.test("copyTo() does not try again where it is turned away, or nobody listens", async () => {
  await using served = await servedInbox();
  const url = served.url;
  await served.dock.shutdown();
  await assertRejects(() => copied(url, ["README.md"]), Error, "Cannot connect");
});

Deno.test("copyTo() refuses what cannot be copied before it connects", async () => {
  const url = `tcp://127.0.0.1:${freePort()}`;
  await using from = await temporaryFolder();
  await Deno.mkdir(`${from.path}/a`);
  await Deno.mkdir(`${from.path}/b`);
  await Deno.writeTextFile(`${from.path}/a/x`, "");
  await Deno.writeTextFile(`${from.path}/b/x`, "");
  const refused = (paths: string[], why: string) =>
    assertRejects(() => copyTo(url, paths), UsageError, why);
  await refused([], "nothing to copy");
  await refused([`${from.path}/missing`], "it is not there");
  await refused([`${from.path}/a/x`, `${from.path}/b/x`], "both be called x");
  await refused(["/"], "has no name");
});

Deno.test("aborting its signal ends copyTo()", async () => {
  await using served = await servedInbox();
  await using from = await temporaryFolder();
  await Deno.writeFile(`${from.path}/file`, new Uint8Array(4_000_000));
  const abort = new AbortController();
  await assertRejects(
    () =>
      copyTo(served.url, [`${from.path}/file`], {
        signal: abort.signal,
        onEvent: ({ event }) => event === "progress" && abort.abort(new Error("enough")),
      }),
    Error,
    "enough",
  );
});

Deno.test("copyTo() refuses a transport that may lose something", async () => {
  await assertRejects(
    () => copyTo("udp://127.0.0.1:9", ["README.md"]),
    UsageError,
    "udp+reliable://",
  );
});

Deno.test({
  name: "copyTo() says that a name is not in UTF-8, and copies the others",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using served = await servedInbox();
    await using from = await temporaryFolder();
    // Only a shell can make such a name.
    const script = `mkdir names && printf x > names/good && printf y > names/$(printf 'b\\377d')`;
    const made = await new Deno.Command("sh", { args: ["-c", script], cwd: from.path }).output();
    assertEquals(made.success, true);
    const { result } = await copied(served.url, [`${from.path}/names`]);
    assertEquals(result.arrived, 1);
    assertEquals(result.failed.map(({ reason }) => reason), [
      "its name is not in UTF-8; rename it",
    ]);
  },
});

for (const protocol of [echo, daytime, acknowledge]) {
  Deno.test(`copyTo() says at once that ${protocol.name} is no inbox`, async () => {
    await using server = await serve("tcp://127.0.0.1:0", protocol);
    await assertRejects(
      () =>
        copyTo(server.url, ["README.md"], {
          onEvent: ({ event }) => assert(event !== "retrying"),
        }),
      Error,
      `Cannot copy to ${server.url}: what answers is no inbox of sockdock`,
    );
  });
}

Deno.test("copyTo() does not try again where nothing has ever answered", async () => {
  await using server = await serve("tcp://127.0.0.1:0", discard);
  const { result, events } = await copied(server.url, ["README.md"], { timeoutMs: 100 });
  assertEquals([result.timedOut, result.failed.length], [true, 1]);
  assert(!events.some(({ event }) => event === "retrying"));
});

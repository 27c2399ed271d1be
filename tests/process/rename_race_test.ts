/** Somebody who may rename inside the folder that is served or received into, and swaps one of its
 * folders for a link to the outside and back while clients come: nothing of the outside is read,
 * and nothing is written there. `RACE_SECONDS=60` makes it last longer than the few seconds here. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { peerTest, startPython } from "../peer.ts";
import { startProgram } from "../program.ts";
import { Talker } from "../protocols/inbox/talker.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const SECONDS = Number(Deno.env.get("RACE_SECONDS") ?? 3);
const LEAST_SWAPS = 500;
const LEAST_TRIES = 50;
const FILES = 12;
const INSIDE = "inside ".repeat(500);
const OUTSIDE = "OUTSIDE".repeat(500);

/** A root with a folder that is swapped for a link to another folder outside. The files have the
 * same names and sizes in both; a few are only outside. */
async function swapped() {
  await using starting = new AsyncDisposableStack();
  const { path } = starting.use(await temporaryFolder());
  const [root, outside] = [`${path}/root`, `${path}/outside`];
  for (const [folder, content] of [[`${root}/d`, INSIDE], [outside, OUTSIDE]] as const) {
    await Deno.mkdir(`${folder}/sub`, { recursive: true });
    for (let number = 0; number < FILES; number++) {
      await Deno.writeTextFile(`${folder}/f${number}`, content);
    }
    await Deno.writeTextFile(`${folder}/sub/large`, content.repeat(25));
  }
  await Deno.writeTextFile(`${outside}/SECRET`, OUTSIDE);
  await Deno.mkdir(`${outside}/SECRETS`);
  const before = await namesIn(outside);
  const attacker = starting.use(startPython("folder_swapper.py", [`${root}/d`, outside]));
  await attacker.stdout.line(/^swapping$/);
  const owned = starting.move();
  return {
    root,
    /** Ends the attack and looks at what became of the outside. */
    async end(outcomes: ReadonlyMap<string, number>): Promise<void> {
      const { stdout } = await attacker.finish();
      const swaps = Number(/^swaps (\d+)$/m.exec(stdout)?.[1]);
      console.log(swaps, "swaps;", Object.fromEntries([...outcomes].sort()));
      assertEquals(await namesIn(outside), before, "written outside");
      for (let number = 0; number < FILES; number++) {
        assertEquals(await Deno.readTextFile(`${outside}/f${number}`), OUTSIDE, "replaced outside");
      }
      // The race took place: the clients met the folder, and they met the link.
      assert(swaps > LEAST_SWAPS, `${swaps} swaps`);
      const kinds = [...outcomes.keys()].join("\n");
      assertMatch(kinds, / (?:200|201|206|done)$/m);
      assertMatch(kinds, / (?:404|name)$/m);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    found.push(name);
    if (isDirectory) found.push(...(await namesIn(`${folder}/${name}`)).map((n) => `${name}/${n}`));
  }
  return found.sort();
}

/** Runs tries of several kinds in turn, a few at a time, until the time is over and each had its
 * share. A try tells what came of it. */
async function race(
  tries: Readonly<Record<string, () => Promise<string>>>,
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const kinds = Object.keys(tries);
  const end = performance.now() + SECONDS * 1000;
  let count = 0;
  const client = async () => {
    while (performance.now() < end || count < LEAST_TRIES * kinds.length) {
      const kind = kinds[count++ % kinds.length]!;
      const outcome = `${kind} ${await tries[kind]!()}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
  return outcomes;
}

/** The outcome, with what came from the outside called so. */
function judged(status: number | string, body: string): string {
  return /OUTSIDE|SECRET/.test(body) ? "OUTSIDE" : `${status}`;
}

/** A spelling of a path that is in no cache yet. */
function spelt(path: string, random: () => number): string {
  return path.replace(
    /[a-z0-9]/g,
    (letter) => random() < 0.5 ? letter : `%${letter.charCodeAt(0).toString(16)}`,
  );
}

peerTest("a folder swapped for a link without pause gives and takes nothing outside", [
  "python3",
], async () => {
  await using place = await swapped();
  const { root } = place;
  await using server = await startProgram(
    ["serve", "files", "http://:0", root, "--upload", "--overwrite"],
  );
  const url = server.url.replace(/\/$/, "");
  const random = seeded(newSeed());
  const any = () => `/d/f${Math.floor(random() * FILES)}`;
  const get = async (path: string, init: RequestInit = {}) => {
    try {
      const response = await fetch(url + path, { redirect: "manual", ...init });
      return judged(response.status, new TextDecoder("latin1").decode(await response.bytes()));
    } catch {
      // An archive ends in its middle when a file of it goes away.
      return "broken off";
    }
  };
  let uploads = 0;
  const outcomes = await race({
    cached: () => get(any()),
    read: () => get(spelt(any(), random)),
    large: () => get(spelt("/d/sub/large", random)),
    range: () => get(spelt(any(), random), { headers: { range: "bytes=0-99" } }),
    head: () => get(spelt("/d/SECRET", random), { method: "HEAD" }),
    redirect: () => get(spelt("/d/SECRETS", random)),
    list: () => get(`/d/?json&sort=${["name", "size"][uploads % 2]}`),
    archive: () => get("/d/?tar"),
    parent: () => get("/?zip"),
    put: () => get(`/d/up${uploads++}`, { method: "PUT", body: "new" }),
    replace: () => get(any(), { method: "PUT", body: INSIDE }),
  });
  const escaped = [...outcomes].filter(([outcome]) =>
    outcome.endsWith(" OUTSIDE") || /^redirect 30/.test(outcome) || outcome === "head 200"
  );
  server.interrupt();
  await server.ended();
  await place.end(outcomes);
  assertEquals(escaped, []);
});

peerTest("an inbox in which a folder is swapped for a link receives nothing outside", [
  "python3",
], async () => {
  await using place = await swapped();
  await using server = await startProgram(
    ["serve", "inbox", "tcp://:0", place.root, "--overwrite"],
  );
  const talkers = await Promise.all(Array.from({ length: 4 }, () => Talker.greet(server.url)));
  const free = [...talkers];
  let number = 0;
  const send = async (name: string, content: string) => {
    const talker = free.pop()!;
    const { type, code, already } = await talker.file(name, content, number++);
    free.push(talker);
    return `${already ? "already" : code ?? type}`;
  };
  const outcomes = await race({
    new: () => send(`d/in${number}`, "new"),
    below: () => send(`d/new${number}/in`, "new"),
    replace: () => send(`d/f${number % FILES}`, `${number}`),
    known: () => send(`d/f${number % FILES}`, OUTSIDE),
  });
  for (const talker of talkers) await talker[Symbol.asyncDispose]();
  server.interrupt();
  await server.ended();
  await place.end(outcomes);
});

/** Servers that receive files and are killed in the middle, again and again: what they have
 * acknowledged is there, whole, and what they had not finished is in nobody's way. `KILLS=100` makes
 * it longer. */

import { assert, assertEquals } from "@std/assert";
import { type Program, startProgram } from "../program.ts";
import { Talker } from "../protocols/inbox/talker.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const KILLS = Number(Deno.env.get("KILLS") ?? 4);
const SENDERS = 6;

/** Sends one file of this content under this name; resolves once it is acknowledged. */
type Send = (name: string, content: Uint8Array<ArrayBuffer>) => Promise<void>;

/** Starts a receiver, kills it in the middle of what several senders send it, and looks at what it
 * has left, several times over one folder. */
async function killAgainAndAgain(
  start: (folder: string) => Promise<Program>,
  connect: (url: string) => Promise<{ send: Send } & AsyncDisposable>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const random = seeded(newSeed());
  const acknowledged = new Map<string, Uint8Array>();
  let attempts = 0;
  for (let round = 0; round < KILLS; round++) {
    await using program = await start(folder.path);
    const before = acknowledged.size;
    const enough = 1 + Math.floor(random() * 40);
    const senders = Array.from({ length: SENDERS }, async (_, sender) => {
      try {
        await using connection = await connect(program.url);
        for (let number = 0;; number++) {
          const name = `${round}-${sender}-${number}`;
          // Some are larger than what is written in one step.
          const content = new Uint8Array(Math.floor(random() ** 4 * 1_000_000)).fill(number);
          attempts++;
          await connection.send(name, content);
          acknowledged.set(name, content);
          if (acknowledged.size - before >= enough) program.signal("SIGKILL");
        }
      } catch {
        // The receiver is gone.
      }
    });
    await Promise.all(senders);
    assert(acknowledged.size - before >= enough, "senders gave up before the kill");
    await program.status;
    for (const [name, content] of acknowledged) {
      assertEquals(await Deno.readFile(`${folder.path}/${name}`), content, name);
    }
  }
  // What has a name is whole, whether it was acknowledged or not.
  const names = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  const named = names.filter((name) => !name.startsWith(".sockdock-"));
  assert(named.length <= attempts && named.length <= acknowledged.size + KILLS * SENDERS);
  // What was under way goes at a later start.
  const left = names.filter((name) => name.startsWith(".sockdock-"));
  console.log(KILLS, "kills;", acknowledged.size, "acknowledged;", left.length, "unfinished");
  for (const name of left) await Deno.utime(`${folder.path}/${name}`, 0, 0);
  using watcher = Deno.watchFs(folder.path);
  await using _program = await start(folder.path);
  const isClean = () => [...Deno.readDirSync(folder.path)].length === named.length;
  if (!isClean()) { for await (const _ of watcher) if (isClean()) break; }
}

Deno.test("uploads that were acknowledged are there after a kill, and leftovers go", async () => {
  await killAgainAndAgain(
    (folder) => startProgram(["serve", "files", "http://:0", folder, "--upload"]),
    (url) =>
      Promise.resolve({
        async send(name, content) {
          const response = await fetch(`${url}/${name}`, { method: "PUT", body: content });
          await response.body?.cancel();
          assertEquals(response.status, 201);
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  );
});

Deno.test("files that an inbox has acknowledged are there after a kill, and leftovers go", async () => {
  await killAgainAndAgain(
    (folder) => startProgram(["serve", "inbox", "tcp://:0", folder]),
    async (url) => {
      const talker = await Talker.greet(url);
      return {
        async send(name, content) {
          assertEquals((await talker.file(name, content)).type, "done");
        },
        [Symbol.asyncDispose]: () => talker[Symbol.asyncDispose](),
      };
    },
  );
});

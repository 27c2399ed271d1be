/** Nodes as processes, with the permissions of the program, one of which is killed again and again. */

import { assert, assertEquals } from "@std/assert";
import { permissionFlags } from "../../../../.ci/permissions.ts";
import { peerTest } from "../../../peer.ts";
import { RunningProcess } from "../../../running_process.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { openSqliteStore } from "../../../../protocols/chat/history/sqlite_store.ts";
import { NatsBroker } from "./nats_broker.ts";

interface NodeEvent {
  readonly event: string;
  readonly id?: string;
  readonly scope?: string;
  readonly text?: string;
}

function startNode(url: string, history: string, ...more: readonly string[]): RunningProcess {
  const program = new URL("node_process.ts", import.meta.url).pathname;
  return new RunningProcess(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-check",
    "--no-prompt",
    ...permissionFlags(),
    program,
    url,
    history,
    ...more,
  ]);
}

function events(node: RunningProcess): NodeEvent[] {
  const lines = node.stdout.text.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as NodeEvent);
}

peerTest(
  "a node that is killed loses nothing it acknowledged, and its messages are shown once",
  ["nats-server"],
  async () => {
    const random = seeded(newSeed());
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    const history = `${folder.path}/victim.db`;
    await using witness = startNode(broker.url, `${folder.path}/witness.db`);
    await witness.stdout.line(/"open"/);
    const acknowledged = new Set<string>();
    const scopes = new Set<string>();
    for (let life = 0; life < 4; life++) {
      const isAlone = life % 2 === 1;
      if (isAlone) await broker.kill();
      await using victim = startNode(broker.url, history);
      await victim.stdout.line(/"open"/);
      for (let index = 0; index < 100; index++) await victim.write(`${life}-${index}\n`);
      // Some are acknowledged, some are under way, some are not even read.
      await victim.stdout.line(new RegExp(`"receipt","id":"${life}-${Math.floor(random() * 90)}"`));
      victim.signal("SIGKILL");
      await victim.status;
      await victim.stdout.bytes();
      for (const { event, id, scope } of events(victim)) {
        if (event !== "receipt") continue;
        acknowledged.add(id!);
        scopes.add(scope!);
      }
      if (isAlone) await broker.restart();
    }
    await using last = startNode(broker.url, history);
    await last.stdout.line(/"text":"the chat chat is shared/);
    await last.write("end\n");
    await witness.stdout.line(/"shown","id":"end"/);
    const shown = events(witness).filter(({ event }) => event === "shown").map(({ id }) => id!);
    assertEquals(shown.filter((id, at) => shown.indexOf(id) !== at), []);
    assertEquals([...acknowledged].filter((id) => !shown.includes(id)), []);
    assert(acknowledged.size > 0);
    assertEquals([...scopes].sort(), ["local", "stored"]);
    await last.finish();
    await witness.finish();
    const retention = { messages: Infinity, ageMs: Infinity };
    await using one = await openSqliteStore(history, { retention });
    await using two = await openSqliteStore(`${folder.path}/witness.db`, { retention });
    assertEquals(await two.last("lobby", 1_000), await one.last("lobby", 1_000));
    assertEquals(await one.owed(10), []);
  },
);

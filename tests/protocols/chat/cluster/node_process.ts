/** A node as a process of its own: reads the ids of messages to say, one a line, and writes what
 * happens, one JSON object a line.
 *
 * Usage: node_process.ts URL HISTORY */

import { resolveOptions } from "../../../../core/options/option.ts";
import { openCluster } from "../../../../protocols/chat/cluster/open_cluster.ts";
import { clusterOptions } from "../../../../protocols/chat/options.ts";
import { openSqliteStore } from "../../../../protocols/chat/history/sqlite_store.ts";
import { newMessage } from "./test_node.ts";

const [url = "", history = ""] = Deno.args;
const retention = { messages: Infinity, ageMs: Infinity };
const say = (event: object) =>
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(event) + "\n"));

await using store = await openSqliteStore(history, { retention });
await using cluster = await openCluster(
  resolveOptions(clusterOptions, {
    cluster: [url],
  }),
  store,
  {
    deliver: ({ id, seq }) => say({ event: "shown", id, seq }),
    notice: (text) => say({ event: "notice", text }),
  },
  {
    whispered: () => false,
    expelled: () => false,
    banned: () => {},
    bans: () => [],
    nameLost: () => {},
  },
  {
    now: Date.now,
    random: Math.random,
    retention,
    ackTimeoutMs: 1_000,
    duplicateWindowMs: 100,
  },
);
say({ event: "open" });
let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const id of lines) {
    cluster.log.append(newMessage(id, "lobby", id))
      .then(({ scope, seq }) => say({ event: "receipt", id, scope, seq }))
      .catch((error: Error) => say({ event: "error", id, text: error.message }));
  }
}

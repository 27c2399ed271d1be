// Puts a chat together: its hub, its log, the other nodes and the terminal of the server.

import { systemClock } from "../../../core/clock.ts";
import type { Context, Service } from "../../../core/protocol.ts";
import { nameKey } from "../admission/lookalikes.ts";
import { refuseForgetful } from "../cluster/settings.ts";
import { openHistory } from "../history/open_history.ts";
import { Hub } from "../hub/hub.ts";
import type { ChatLog, LogHooks } from "../log.ts";
import type { ChatOptions } from "../options.ts";
import { speakFromTerminal } from "./terminal_member.ts";
import { visit } from "./visit.ts";

/** Opens a chat; resolves once its history can be used.
 * @throws {UsageError} when the history or the cluster cannot be */
export async function openChat(options: ChatOptions, context: Context): Promise<Service> {
  if (options.cluster.length > 0) refuseForgetful(options.history);
  // Disposed in the other order: the hub and its members first, then the log that they use.
  await using opening = new AsyncDisposableStack();
  const hub = new Hub(options, context);
  // Also here, so that the hub ends where the log cannot be opened; disposing it twice does nothing.
  opening.use(hub);
  const log = options.cluster.length > 0
    ? await openSharedLog(options, context, hub, opening)
    : opening.use(
      await openHistory(options.history, retentionOf(options), hub.logHooks, {
        clock: clockOf(context),
      }),
    );
  opening.use(hub);
  hub.use(log);
  if (context.lines !== undefined) void speakFromTerminal(hub, context.lines);
  const held = opening.move();
  return {
    serve: (session) => visit(hub, session),
    counters: hub.counters,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Opens the log that all nodes share, over a store of this node. */
async function openSharedLog(
  options: ChatOptions,
  context: Context,
  hub: Hub,
  opening: AsyncDisposableStack,
): Promise<ChatLog> {
  const [{ openSqliteStore }, { openCluster }] = await Promise.all([
    import("../history/sqlite_store.ts"),
    import("../cluster/open_cluster.ts"),
  ]);
  const retention = retentionOf(options);
  const { logHooks, peerHooks } = hub;
  const store = opening.use(
    await openSqliteStore(options.history, {
      retention,
      clock: clockOf(context),
      notice: (text) => logHooks.notice(text),
    }),
  );
  const { now, random } = context;
  // Messages that the other nodes took before this one opened are history, and not shown as news.
  let isOpen = false;
  const hooks: LogHooks = {
    ...logHooks,
    deliver: (message) => isOpen ? logHooks.deliver(message) : undefined,
  };
  const cluster = opening.use(
    await openCluster(options, store, hooks, peerHooks, { now, random, retention, nameKey }),
  );
  isOpen = true;
  hub.peers = cluster.peers;
  return cluster.log;
}

function retentionOf({ historyMessages, historyAgeMs }: ChatOptions) {
  return { messages: historyMessages, ageMs: historyAgeMs };
}

function clockOf({ now }: Context) {
  return { ...systemClock, now };
}

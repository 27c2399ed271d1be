// Opens the history that `--history` names.

import type { Clock } from "../../../core/clock.ts";
import type { ChatLog, LogHooks } from "../log.ts";
import type { Retention } from "../store.ts";

/** Opens the log that `where` means: `off` keeps nothing, `:memory:` keeps it as long as the process
 * runs, and anything else is the path of a file, which is made where there is none.
 *
 * @throws {UsageError} when the file cannot be used, saying why and what to do */
export async function openHistory(
  where: string,
  retention: Retention,
  hooks: LogHooks,
  options: { readonly clock?: Clock } = {},
): Promise<ChatLog> {
  // Each kind of history is loaded only where it is used.
  if (where === "off" || where === ":memory:") {
    const { createMemoryLog, createNoLog } = await import("./memory_log.ts");
    return where === "off"
      ? createNoLog(hooks, options.clock)
      : createMemoryLog(retention, hooks, options.clock);
  }
  const [{ createLocalLog }, { openSqliteStore }] = await Promise.all([
    import("./local_log.ts"),
    import("./sqlite_store.ts"),
  ]);
  const notice = (text: string) => hooks.notice(text);
  return createLocalLog(await openSqliteStore(where, { retention, notice, ...options }), hooks);
}

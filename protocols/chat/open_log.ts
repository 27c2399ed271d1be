// Which history a chat has.

import type { Context } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { ChatLog, LogHooks } from "./log.ts";
import { openMemoryLog } from "./memory_log.ts";
import type { Retention } from "./store.ts";

/** Whether `--history` may name a file here. */
export const canKeepHistory: boolean = false;

/** Opens the history that `--history` asks for.
 *
 * @param history a file, `:memory:` or `off`
 * @throws {UsageError} when it cannot be opened */
export function openLog(
  history: string,
  retention: Retention,
  hooks: LogHooks,
  context: Context,
): Promise<ChatLog> {
  if (history === "off") {
    return Promise.resolve(openMemoryLog({ ...retention, messages: 0 }, hooks, context.now));
  }
  if (history === ":memory:") return Promise.resolve(openMemoryLog(retention, hooks, context.now));
  throw new UsageError(`--history: ${history} cannot be opened; give :memory: or off`);
}

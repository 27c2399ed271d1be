// What may be started by somebody who is not at this machine's terminal: protocols on loopback, with
// options from the same tables, and files only inside folders that were given for it.

import { isLoopback } from "../../core/addresses/address.ts";
import { type Endpoint, hostOrLoopback, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { isFileText } from "../../core/files/file_or_text.ts";
import type { HttpApp } from "../../core/http/app.ts";
import { didYouMean } from "../../core/options/nearest.ts";
import { flagName, type Option, type OptionTable, parseText } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { clientSchemes, serverSchemes } from "../schemes.ts";
import { servedByName } from "../served.ts";
import { servingTable } from "../unknown_option.ts";

/** A request to start servers, as it came in. */
interface AskedServers {
  readonly protocol: string;
  readonly urls: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The same, checked. */
interface AllowedServers {
  readonly what: Protocol | HttpApp;
  readonly endpoints: readonly Endpoint[];
  readonly options: Record<string, unknown>;
}

/** In the placeholder of an option whose value is a path. */
const PATH = /\b(file|folder|path)\b/;

const options = servingTable();

/** Checks a request.
 * @param folders the folders inside which files may be
 * @throws {UsageError} when something in it is unknown, cannot work, or is not allowed */
export async function allowedServers(
  asked: AskedServers,
  folders: readonly string[],
): Promise<AllowedServers> {
  const what = servedByName(asked.protocol);
  const endpoints = asked.urls.map((url) => parseEndpoint(url, serverSchemes));
  for (const endpoint of endpoints) {
    if (endpoint.descriptor !== undefined) {
      throw new UsageError(`${endpoint.text}: sockets that were passed on are not for the control`);
    } else if (endpoint.addressing === "path") {
      await refuseOutside(endpoint.path, folders, endpoint.text);
    } else if (!isLoopback(hostOrLoopback(endpoint))) {
      throw new UsageError(
        `${endpoint.text} is not on loopback; servers that are started over the control listen ` +
          `there alone, such as ${endpoint.scheme}://127.0.0.1:0`,
      );
    }
  }
  const found = await askedOptions(asked.options ?? {}, options, folders);
  // An application that serves a folder must be told which, and its default is the working directory.
  if ("operand" in what && what.operand !== undefined && found[what.operand] === undefined) {
    throw new UsageError(
      `${what.name} needs the option ${flagName(what.operand)} when it is started over the control`,
    );
  }
  return { what, endpoints, options: found };
}

/** Reads options by the names of their flags or their keys, as those of the command line.
 * @throws {UsageError} when one is unknown, has a wrong value, or names a file outside the folders */
export async function askedOptions(
  asked: Readonly<Record<string, unknown>>,
  table: OptionTable,
  folders: readonly string[],
): Promise<Record<string, unknown>> {
  const keys = new Map(
    Object.keys(table).flatMap((key) => [[flagName(key), key], [key, key]] as const),
  );
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(asked)) {
    const key = keys.get(name);
    if (key === undefined) {
      throw new UsageError(`unknown option ${name}${didYouMean(name, [...keys.keys()])}`);
    }
    const option = table[key]!;
    const texts = Array.isArray(value) ? value.map(String) : String(value);
    // Nothing else of this machine sees the body of a request, so the text of a file will do.
    if (option.takesText && typeof texts === "string" && isFileText(texts)) {
      found[key] = option.many ? [texts] : texts;
      continue;
    }
    found[key] = parseText(option, texts, name);
    for (const path of pathsIn(option, found[key])) await refuseOutside(path, folders, name);
  }
  return found;
}

/** Whether the value of an option is a path. */
export function namesFiles({ metavar }: Pick<Option<unknown>, "metavar">): boolean {
  return PATH.test(metavar);
}

/** What the value of an option names in the file system. */
function pathsIn(option: Option<unknown>, value: unknown): readonly string[] {
  const { metavar } = option;
  const texts = [value].flat().map(String);
  if (namesFiles(option)) return texts;
  // Lists of addresses may be read from files.
  if (metavar === "cidr") return texts.flatMap((text) => text.startsWith("@") ? text.slice(1) : []);
  if (metavar !== "url") return [];
  return texts.flatMap((text) => {
    // Those of brokers are no endpoints.
    if (!clientSchemes.has(text.split(/[+:]/)[0]!.toLowerCase())) return [];
    const { addressing, path } = parseEndpoint(text, clientSchemes);
    return addressing === "path" ? [path] : [];
  });
}

/** @throws {UsageError} when a path leads out of all folders, links followed */
async function refuseOutside(
  path: string,
  folders: readonly string[],
  where: string,
): Promise<void> {
  // Words that are no paths.
  if (path === ":memory:" || path === "off") return;
  const real = await realPath(path);
  for (const folder of folders) {
    const inside = await Deno.realPath(folder).catch(() => null);
    if (inside !== null && real !== null && (real === inside || real.startsWith(`${inside}/`))) {
      return;
    }
  }
  throw new UsageError(
    folders.length === 0
      ? `${where}: the control was given no folder, so nothing in the file system can be used over it`
      : `${where}: ${JSON.stringify(path)} is not inside ${folders.join(" or ")}`,
  );
}

/** The path without links; of what does not exist yet, that of its folder and its name. Null where that
 * cannot be told. */
async function realPath(path: string): Promise<string | null> {
  if (path.includes("\0")) return null;
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return null;
  }
  // A link that leads nowhere yet leads out as soon as somebody writes there.
  const isThere = await Deno.lstat(path).then(() => true, () => false);
  if (isThere) return null;
  const [, folder = ".", name = ""] = /^(.*)\/([^/]+)\/?$/.exec(path) ?? [, ".", path];
  if (name === ".." || name === "." || name === "") return null;
  const real = await Deno.realPath(folder === "" ? "/" : folder).catch(() => null);
  return real === null ? null : `${real}/${name}`;
}

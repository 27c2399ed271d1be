// The control of a command that serves: opened before its servers, so that a program hears of it first,
// and told of them once they listen.

import { errorText } from "../../core/event.ts";
import { refuseShared } from "../../core/files/private_file.ts";
import { flagName } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Dock } from "../../dock/serve.ts";
import type { Invocation } from "../command.ts";
import { givenOf } from "../line/arguments.ts";
import {
  CONTROL_URL,
  controlGiven,
  controlServerOptions,
  OFF,
  TOXIPROXY_URL,
} from "../line/control_options.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { programWords } from "./program_words.ts";

/** What a command does with the control. */
export interface CommandControl extends AsyncDisposable {
  /** Whether anything can change the servers while they run. */
  readonly isOpen: boolean;
  /** Tells it of servers that listen. */
  add(docks: readonly Dock[]): void;
  /** Those that run, with those that were started over it. */
  docks(): Iterable<Dock>;
  /** Where a person finds it; undefined when it is not open, or was printed for a program. */
  readonly shown: string | undefined;
}

/** What opens something; the other options are those of the control alone. */
const OPENERS: readonly string[] = ["control", "controlToxiproxy"];

const CLOSED: CommandControl = {
  isOpen: false,
  add: () => {},
  docks: () => [],
  shown: undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

interface Asking {
  readonly io: Stdio;
  /** Where it is when nobody says anything of it. Default: nowhere. */
  readonly usual?: string;
}

/** Opens the control if it is asked for. Prints its URL and token for programs.
 * @throws {UsageError} when it cannot be opened so */
export async function commandControl(
  { options, given }: Pick<Invocation, "options" | "given">,
  { io, usual }: Asking,
): Promise<CommandControl> {
  const own = controlGiven(givenOf(controlServerOptions, { options, given }));
  const asked = options.control ?? usual;
  const toxiproxy = options.controlToxiproxy;
  const isAsked = typeof asked === "string" && asked !== OFF;
  if (!isAsked) {
    const stray = [...given].find((key) => key.startsWith("control") && !OPENERS.includes(key));
    if (stray !== undefined) {
      throw new UsageError(`--${flagName(stray)} is one of the control's, and needs --control`);
    }
    if (typeof toxiproxy !== "string") return CLOSED;
  }
  await using stack = new AsyncDisposableStack();
  let control: Awaited<ReturnType<typeof open>> | undefined;
  if (isAsked) {
    const tokenFile = options.controlTokenFile;
    const token = typeof tokenFile === "string" ? await readToken(tokenFile) : undefined;
    control = stack.use(
      await open(asked, {
        ...(token !== undefined && { token }),
        folders: options.controlFolder as readonly string[],
        traffic: options.controlTraffic === true,
        maxDials: options.controlMaxDials as number,
        dialBytes: options.controlDialSizeBytes as number,
        dialIdleMs: options.controlDialIdleMs as number,
        serve: own,
        program: programWords(),
      }),
    );
    if (io.json) {
      const { url } = control;
      const shownToken = token === undefined ? { token: control.token } : {};
      io.printJson({ event: "control", time: new Date().toISOString(), url, ...shownToken });
    }
  }
  if (typeof toxiproxy === "string") {
    const { openToxiproxy } = await import("../../dock/control/open_toxiproxy.ts");
    const docks = control;
    const proxies = stack.use(
      await openToxiproxy({
        url: toxiproxy,
        freePortIfTaken: toxiproxy === TOXIPROXY_URL,
        onStart: (dock) => docks?.add(dock),
      }),
    );
    if (io.json) {
      io.printJson({ event: "toxiproxy", time: new Date().toISOString(), url: proxies.url });
    } else io.note(`Toxiproxy's API listens on ${proxies.url}`);
  }
  const held = stack.move();
  return {
    isOpen: control !== undefined,
    add: (docks) => docks.forEach((dock) => control?.add(dock)),
    docks: () => control?.docks() ?? [],
    shown: control === undefined || io.json ? undefined : shownUrl(control, options),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The URL with the token as a fragment, which browsers send to nobody. */
function shownUrl(
  { url, token }: { readonly url: string; readonly token: string },
  { controlTokenFile }: Invocation["options"],
): string {
  return controlTokenFile === undefined ? `${url}/#token=${token}` : `${url}/`;
}

async function open(
  url: string,
  options: import("../../dock/control/open_control.ts").ControlOptions,
) {
  const { openControl } = await import("../../dock/control/open_control.ts");
  // The usual port is no wish of the user's.
  const server = { ...options.serve, freePortIfTaken: url === CONTROL_URL };
  return await openControl([], { ...options, url, serve: server });
}

/** The token in the first line of a file.
 * @throws {UsageError} when the file cannot be read, or others can read it */
async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    refuseShared(path, await Deno.stat(path));
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read the token of the control: ${path}: ${errorText(error)}`);
  }
  const [token = ""] = text.split(/\r?\n/);
  if (token.trim() === "") throw new UsageError(`${path}: the first line has no token`);
  return token.trim();
}

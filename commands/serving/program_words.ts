// What a user types to run this program again.

import { permittedVariable } from "../../core/environment.ts";

interface Run {
  /** Looks up a variable; undefined when it is not set or may not be read. */
  readonly env?: (name: string) => string | undefined;
  /** The path of the executable, where this is one. */
  readonly executable?: string | undefined;
  readonly cwd?: string;
  /** The URL of main.ts. */
  readonly main?: string;
}

/** Folders that are on the PATH of every system, or that people put there for their programs. */
const ON_PATH =
  /^(?:\/usr(?:\/local)?|\/opt\/homebrew|.*\/\.local|.*\/\.deno|\/home\/[^/]+|\/root)?\/s?bin$/;

/** The words before a command: the name of the executable or of what launched the program, else the
 * task that runs it, through npx where npx runs Deno. */
export function programWords(
  {
    env = permittedVariable,
    executable = Deno.build.standalone ? Deno.execPath() : undefined,
    cwd = Deno.cwd(),
    main = Deno.mainModule,
  }: Run = {},
): string {
  // A launcher, such as that of the npm package, says what it was called by.
  const calledAs = env("SOCKDOCK_CALLED_AS");
  if (calledAs) return calledAs;
  if (executable !== undefined) return shortPath(executable, cwd);
  // A task runs in the folder of the sources; what `deno install` made runs wherever it is called.
  if (new URL(".", main).href !== folderUrl(cwd)) return "sockdock";
  const runner = env("npm_command") === "exec" ? `npx --yes deno@${Deno.version.deno}` : "deno";
  // Quiet: otherwise Deno prints all permissions before each answer.
  return `${runner} task -q sockdock`;
}

/** The shortest way to write the path of a program here. */
function shortPath(path: string, cwd: string): string {
  const [, folder = "", name = path] = /^(.*)[/\\]([^/\\]*)$/.exec(path) ?? [];
  if (ON_PATH.test(folder)) return name;
  const short = path.startsWith(`${cwd}/`) ? `.${path.slice(cwd.length)}` : path;
  return /[^\w./\\:~-]/.test(short) ? `"${short}"` : short;
}

function folderUrl(path: string): string {
  const slashed = path.replaceAll("\\", "/").replace(/^(?!\/)/, "/");
  return new URL(`file://${slashed.split("/").map(encodeURI).join("/")}/`).href;
}

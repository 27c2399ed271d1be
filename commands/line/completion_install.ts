// Where each shell looks for completions, and writing ours there.

import { permittedVariable } from "../../core/environment.ts";
import { errorText } from "../../core/event.ts";
import { UsageError } from "../../core/usage_error.ts";
import { completionsScript, type Shell, shells } from "./completion.ts";

interface Installed {
  readonly path: string;
  /** What is left to do by hand, as lines for the shell's own configuration; empty when nothing. */
  readonly lines: readonly string[];
}

interface Places {
  /** Looks up a variable; undefined when it is not set or may not be read. */
  readonly env?: (name: string) => string | undefined;
  /** The folders of zsh's `fpath` that a user may be able to write to. */
  readonly zshFolders?: readonly string[];
}

/** In the `fpath` of zsh as it comes from Debian, Fedora, Arch and Homebrew. */
const ZSH_FOLDERS = [
  "/opt/homebrew/share/zsh/site-functions",
  "/usr/local/share/zsh/site-functions",
];

/** The shell that the user works in, from $SHELL.
 * @throws {UsageError} when it is none that we have completions for */
export function shellInUse(env: (name: string) => string | undefined = permittedVariable): Shell {
  const path = env("SHELL") ?? "";
  const found = shells.find((shell) => path.split("/").at(-1) === shell);
  if (found !== undefined) return found;
  const said = path === "" ? "SHELL is not set" : `SHELL is ${path}`;
  throw new UsageError(`which shell? ${said}; name it: ${shells.join(", ")}`);
}

/** Writes the script of a shell where that shell looks for it.
 * @throws {UsageError} when nothing says where, or it cannot be written */
export async function installCompletions(
  shell: Shell,
  { env = permittedVariable, zshFolders = ZSH_FOLDERS }: Places = {},
): Promise<Installed> {
  if (shell === "zsh") {
    for (const folder of zshFolders) {
      // Only one that is there already is one that zsh looks into.
      const path = `${folder}/_sockdock`;
      try {
        await Deno.writeTextFile(path, completionsScript(shell));
        return { path, lines: [] };
      } catch {
        // Not there, or not ours to write to.
      }
    }
  }
  const folder = userFolder(shell, env);
  const path = `${folder}/${FILE_NAMES[shell]}`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(path, completionsScript(shell));
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${errorText(error)}`);
  }
  return {
    path,
    lines: shell === "zsh" ? [`fpath=(${folder} $fpath)`, "autoload -U compinit && compinit"] : [],
  };
}

const FILE_NAMES: Readonly<Record<Shell, string>> = {
  bash: "sockdock",
  fish: "sockdock.fish",
  zsh: "_sockdock",
};

function userFolder(shell: Shell, env: (name: string) => string | undefined): string {
  const [variable, usual, inside] = shell === "fish"
    ? ["XDG_CONFIG_HOME", ".config", "fish/completions"] as const
    : [
      "XDG_DATA_HOME",
      ".local/share",
      shell === "bash" ? "bash-completion/completions" : "zsh/site-functions",
    ] as const;
  const home = env("HOME");
  const base = env(variable) || (home && `${home}/${usual}`);
  if (base) return `${base}/${inside}`;
  throw new UsageError(
    `nothing says where your folders are: neither ${variable} nor HOME is set; ` +
      `write the script yourself: sockdock completions ${shell} > FILE`,
  );
}

// The declaration of a command: its options, its usage and its function. line/arguments.ts parses
// argv by it; the manual and completions are made of it.

import { flag, mergeTables, type OptionTable, type OptionValues } from "../core/options/option.ts";
import type { Needs } from "../core/options/needs.ts";
import type { Stdio } from "./terminal/stdio.ts";

export const PROGRAM = "sockdock";

/** The option of every command, answered by `run.ts`. */
export const HELP_TABLE = {
  help: flag({ help: "show this help", short: "h", negatable: false }),
};

/** A command. Declare it with {@linkcode defineCommand}, which infers the option types. */
export interface Command<Table extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line, in the third person: `starts one protocol on one or several endpoints`. */
  readonly summary: string;
  /** Usage after the name, without options: `<protocol> <url>...`. */
  readonly usage: string;
  /** Paragraphs for help and reference, separated by an empty line. */
  readonly details?: string;
  readonly options: Table;
  /** The options that have no effect without another one; on the command line they are refused. */
  readonly needs?: Needs;
  /** Headings for help and reference, whose options this page explains wherever they come from; an
   * option in no group comes first, under `Options`. */
  readonly groups?: readonly OptionGroup[];
  readonly examples: readonly Example[];
  /** Options that users of a program like this one know from it, with what to do here; they are
   * refused with these words. */
  readonly habits?: Habits;
  /** @default 0 */
  readonly minArguments?: number;
  /** @default Infinity */
  readonly maxArguments?: number;
  /** Candidates for the positional argument being typed, given the ones before it; {@linkcode FILES}
   * or {@linkcode FOLDERS} among them leaves those to the shell. The caller drops the candidates
   * that do not begin with `current`. */
  complete?(
    wordsBefore: readonly string[],
    current: string,
  ): readonly string[] | Promise<readonly string[]>;
  /** The options that have an effect beside these arguments, if that depends on them; for
   * completion. */
  fitting?(words: readonly string[]): OptionTable;
  /** @returns the exit code */
  run(invocation: Invocation<Table>): Promise<number>;
}

/** Among the candidates of a completion: the shell's own completion of files or of folders. */
export const FILES = ":files";
export const FOLDERS = ":folders";

/** The options of `options` appear under `title`. */
interface OptionGroup {
  readonly title: string;
  readonly options: OptionTable;
}

/** Options of another program, by their names with dashes, such as `--cacert` and `-E`. */
export interface Habits {
  readonly program: string;
  /** What to do here, continuing `here`: `it is --tls-ca`. */
  readonly remedies: ReadonlyMap<string, string>;
}

/** `run` is a whole command line, program name included; `does` says what it is good for. */
export interface Example {
  readonly run: string;
  readonly does: string;
}

export interface Invocation<Table extends OptionTable = OptionTable> {
  readonly options: OptionValues<Table>;
  /** Keys of the options that the command line or the environment sets; others have defaults. */
  readonly given: ReadonlySet<string>;
  /** Those that the command line sets; one of the environment may be meant for other commands. */
  readonly flags: ReadonlySet<string>;
  /** The positional arguments, exactly as typed. */
  readonly arguments: readonly string[];
  readonly io: Stdio;
}

/** A command that is loaded only when it runs, so that `--help` starts fast. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Declares a command with its options typed, and hands it on with that type erased. It has to be
 * run with the values that `readArguments` made of its own table.
 * @throws {TypeError} when two options claim one name */
export function defineCommand<const Table extends OptionTable>(command: Command<Table>): Command {
  mergeTables(command.options, HELP_TABLE);
  return command;
}

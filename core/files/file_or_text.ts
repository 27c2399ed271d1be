// Options for a file of certificates or keys, in place of which a program may give the text of the
// file. A text from a command line, the environment or a configuration is refused: a key among the
// words of a command can be read by every user of the machine.

import { type ManySpec, type Option, type OptionSpec, text } from "../options/option.ts";
import { UsageError } from "../usage_error.ts";

type Spec = Omit<OptionSpec, "metavar" | "guard">;

/** Whether a value is the text of a file. PEM (RFC 7468) and files of keys have line breaks, and
 * paths have none. PEM that has lost them, as in a variable, is no path either: it would be quoted. */
export function isFileText(given: string): boolean {
  return given.includes("\n") || given.includes("-----BEGIN ");
}

/** What a message calls the value of such an option. A text may be a secret, so no message quotes
 * one. */
export function shownFile(given: string): string {
  return isFileText(given) ? "the text given" : given;
}

/** An option for one file or its text. */
export function fileOrText(spec: Spec): Option<string | undefined> {
  return fileOption(text({ ...spec, metavar: "file", guard: true }));
}

/** An option for any number of files or their texts. */
export function filesOrTexts(spec: Spec & ManySpec<string>): Option<readonly string[]> {
  const option = fileOption(text.many({ ...spec, metavar: "file", guard: true }));
  return {
    ...option,
    check(value, name) {
      // The message of the option itself would quote the value.
      if (typeof value === "string") {
        throw new TypeError(`${name}: expected an array, got one value; put it in brackets`);
      }
      option.check(value, name);
    },
  };
}

function fileOption<T>(option: Option<T>): Option<T> {
  return {
    ...option,
    libraryNote: "The path of a file, or its text.",
    takesText: true,
    parse(given, name) {
      const value = option.parse(given, name);
      if (!isFileText(given)) return value;
      throw new UsageError(`${name}: expected the path of a file, got the text of one`);
    },
  };
}

// Splits the path of an offered file into plain names. Paths that could lead out of the inbox, or to
// another file than they show, are refused here, before the disk is touched.

import {
  isHiddenName,
  isPlainName,
  isTemporaryName,
  unreadable,
} from "../../core/files/plain_name.ts";
import { InboxRefusal } from "./refusal.ts";

/** The longest path below an inbox, in bytes. */
const MAX_PATH_BYTES = 2048;

interface NameLimits {
  /** How many names a path may have. */
  readonly maxDepth: number;
  /** Whether names may begin with a dot. */
  readonly hidden: boolean;
}

/** The names of a path below the inbox.
 * @throws {InboxRefusal} when one of them is no plain name */
export function inboxNames(path: string, { maxDepth, hidden }: NameLimits): readonly string[] {
  const refuse = (why: string) => {
    throw new InboxRefusal("name", `The name ${JSON.stringify(path.slice(0, 100))} ${why}.`);
  };
  if (path === "") refuse("is empty");
  if (path.length > MAX_PATH_BYTES || new TextEncoder().encode(path).length > MAX_PATH_BYTES) {
    refuse(`has more than ${MAX_PATH_BYTES} bytes`);
  }
  if (path.startsWith("/")) refuse("is absolute");
  if (path.includes("\0")) refuse("holds a NUL character");
  if (path.includes("\\")) refuse("holds a backslash");
  const names = path.split("/");
  if (names.length > maxDepth) refuse(`lies more than ${maxDepth} folders deep`);
  for (const name of names) {
    if (name === "." || name === "..") refuse("would leave the inbox");
    const problem = unreadable(name);
    if (problem !== null) refuse(problem);
    if (isTemporaryName(name)) refuse("is kept for files that are being received");
    if (!isPlainName(name)) refuse("cannot be that of a file");
    // Programs obey many such files, as a shell, git and ssh do.
    if (!hidden && isHiddenName(name)) {
      refuse("begins with a dot; the inbox takes such names only with --hidden");
    }
  }
  return names;
}

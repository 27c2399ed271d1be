// The rules for names of uploaded files. They are stricter than those of the disk, because the
// names are shown to users and read by other systems.

import { isDeviceOnWindows, isTemporaryName, unreadable } from "../../../core/files/plain_name.ts";
import type { FileRoot } from "../access/root.ts";

/** The last name of a path, because some clients send the whole path of the file. */
export function lastName(sent: string): string {
  return sent.slice(Math.max(sent.lastIndexOf("/"), sent.lastIndexOf("\\")) + 1);
}

/** The reason that a file may not have a name, to complete "The name ... "; null when it may. */
export function nameProblem(name: string, root: FileRoot): string | null {
  if (name === "") return "is empty";
  const hidden = unreadable(name);
  if (hidden !== null) return hidden;
  if (isDeviceOnWindows(name)) return "is that of a device on Windows";
  if (isTemporaryName(name)) return "is kept for uploads under way";
  if (name.startsWith(".") && !/^\.\.?$/.test(name) && !root.acceptsName(name)) {
    return "begins with a dot, and such files are hidden here";
  }
  return root.acceptsName(name) ? null : "cannot be that of a file";
}

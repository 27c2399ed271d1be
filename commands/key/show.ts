// `key show`: prints the kinds and fingerprints of the keys in a file, never the keys.

import { formatKey, keyFingerprint } from "../../core/keys/key.ts";
import { readKeyFile } from "../../core/keys/file.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { printable } from "../terminal/printable.ts";
import { alignedRows } from "../terminal/table.ts";

/** Prints kind, name and fingerprint of each key, and the line of a public one; never a secret.
 *
 * @throws {UsageError} when the file cannot be used */
export async function showKeys(file: string, io: Stdio): Promise<void> {
  for (const key of await readKeyFile("key show", file)) {
    const { kind, name } = key;
    const fingerprint = keyFingerprint(key);
    const line = key.kind === "ed25519" ? formatKey(key) : undefined;
    if (io.json) {
      io.printJson({ event: "key", kind, name, fingerprint, public: line });
      continue;
    }
    const rows = [
      ["kind", kind],
      ...(name === undefined ? [] : [["name", printable(name)]]),
      ["fingerprint", `sha256:${fingerprint}`],
      ...(line === undefined ? [] : [["public", printable(line)]]),
    ];
    for (const row of alignedRows(rows)) io.print(row);
  }
}

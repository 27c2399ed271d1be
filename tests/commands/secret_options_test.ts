/** Every option whose value is a secret says so, because it is masked by that alone. */

import { assert, assertEquals } from "@std/assert";
import { commands } from "../../commands/index.ts";
import type { Option } from "../../core/options/option.ts";
import { servingTable } from "../../dock/unknown_option.ts";

/** What the name, placeholder or help of an option says that has to do with secrets. */
const SMELL = /passw|passphrase|token|secret|credential|private key|\bpsk|api.?key/i;

/** Options that smell so and whose value may be seen, with what it is. */
const HARMLESS: Readonly<Record<string, string>> = {
  realm: "what a browser says the password is for",
  controlRealm: "the same",
  metricsRealm: "the same",
  upstreamPskIdentity: "which key to use, and not the key",
  pskIdentity: "the same",
};

/** Whether the value of an option can be a secret itself, and not the path of a file, a number, a
 * word of few, or yes and no. */
function isFree({ kind, metavar, choices }: Option<unknown>): boolean {
  return kind === "value" && choices === undefined &&
    !["file", "folder", "path", "number", "size", "duration"].includes(metavar);
}

Deno.test("every option that smells of a password, token or key is marked as a secret", async () => {
  const tables = [servingTable()];
  for (const { load } of commands) tables.push((await load()).options);
  const all = tables.flatMap((table) => Object.entries(table));
  const smelling = all.filter(([key, option]) =>
    isFree(option) && !Object.hasOwn(HARMLESS, key) &&
    SMELL.test(`${key} ${option.metavar} ${option.help}`)
  );
  assertEquals(smelling.filter(([, { secret }]) => !secret).map(([key]) => key), []);
  const secrets = new Set(all.filter(([, { secret }]) => secret).map(([key]) => key));
  for (const key of ["auth", "authToken", "authUpload", "user", "metricsAuth"]) {
    assert(secrets.has(key), key);
  }
});

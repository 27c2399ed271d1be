// `cert trust`: prints how to make each system and program trust the local authority. It changes
// nothing itself: that is for the owner of the machine to decide.

import { loadAuthority } from "../../core/certificates/authority_folder.ts";
import { fingerprintOf } from "../../core/certificates/fingerprint.ts";
import { trustRecipes } from "../../core/certificates/trust_recipes.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { CertValues } from "./options.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { dataFolderOr } from "../line/data_folder.ts";

/** Prints the instructions for the local authority.
 *
 * @throws {UsageError} when there is none, or it must not be used */
export async function trust({ dataFolder: given }: CertValues, io: Stdio): Promise<void> {
  const dataFolder = dataFolderOr(given);
  const authority = await loadAuthority(dataFolder);
  if (authority === null) {
    throw new UsageError(
      `there is no local authority in ${dataFolder}; make one with: sockdock cert authority`,
    );
  }
  const { cert, certFile, keyFile } = authority;
  const fingerprint = await fingerprintOf(cert);
  const recipes = trustRecipes({ file: certFile, sockdock: "local" });
  if (io.json) {
    io.printJson({ event: "trust", certificate: certFile, fingerprint, recipes });
    return;
  }
  io.print(`The authority's certificate is ${certFile}
SHA-256 ${fingerprint}

With the key beside it (${keyFile}) a program can be any server to those who trust it: keep it on
this machine, and trust it only where you develop.`);
  for (const { system, how } of recipes) {
    io.print(`\n${io.paintStdout("bold", system)}`);
    for (const line of how) io.print(`  ${line}`);
  }
}

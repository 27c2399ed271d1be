/** What the npm package's own package.json says; `.ci/pack.ts` writes it. */

import { readFileSync } from "node:fs";

// The files of this folder are packed as CommonJS, where Node sets this.
declare const __dirname: string;

/** The part of package.json that the launcher reads. */
export interface PackageJson {
  readonly version: string;
  /** The oldest versions that work: `>=18`. */
  readonly engines: Readonly<Record<"node" | "deno", string>>;
  /** What stands before the program's module: `deno run --allow-net ...`. */
  readonly denoFlags: readonly string[];
}

/** The folder of the installed package. */
export const packageFolder = `${__dirname}/..`;

/** Reads it. */
export function readPackageJson(): PackageJson {
  return JSON.parse(readFileSync(`${packageFolder}/package.json`, "utf8"));
}

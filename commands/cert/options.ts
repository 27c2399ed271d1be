// Options of `cert`, and the subset that each of its actions accepts.

import { tlsClientOptions } from "../../clients/tls/options.ts";
import { routeOptions } from "../../core/client_options.ts";
import { dataFolderOptions } from "../../core/files/options.ts";
import { MAX_VALIDITY_DAYS } from "../../core/certificates/issue.ts";
import { knownAre } from "../../core/options/nearest.ts";
import {
  choice,
  flag,
  flagName,
  integer,
  type OptionValues,
  text,
} from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { KEY_TYPES } from "../../core/certificates/x509.ts";
import { connectTimeoutOptions } from "../../core/client_options.ts";

/** Options for making a certificate: its names, its validity and its files. */
export const makingOptions = {
  ...dataFolderOptions,
  folder: text({ metavar: "folder", default: ".", help: "put what is made into this folder" }),
  overwrite: flag({ help: "replace files that are there already" }),
  days: integer({
    metavar: "days",
    default: MAX_VALIDITY_DAYS,
    min: 1,
    max: MAX_VALIDITY_DAYS,
    help: "for how long the certificate is valid",
  }),
  keyType: choice(KEY_TYPES, {
    default: "ecdsa",
    help:
      "kind of key to make; ecdsa is on P-256, ed25519 is not for browsers, rsa has 2048 bits " +
      "and is for old peers",
  }),
  client: flag({
    help: "the request is for the certificate of a client, not of a server",
    negatable: false,
  }),
} as const;

/** Options for connecting to a server whose certificate is shown, and for verifying it. */
export const showingOptions = {
  tlsCa: tlsClientOptions.tlsCa,
  serverName: tlsClientOptions.serverName,
  ...connectTimeoutOptions,
  ...routeOptions,
} as const;

export type CertValues = OptionValues<typeof makingOptions & typeof showingOptions>;

const ISSUING = ["dataFolder", "folder", "overwrite", "days"] as const;

const SUBJECTS = {
  authority: ["dataFolder"],
  server: [...ISSUING, "keyType"],
  client: [...ISSUING, "keyType"],
  request: ["folder", "overwrite", "keyType", "client"],
  sign: [...ISSUING, "client"],
  show: Object.keys(showingOptions),
  trust: ["dataFolder"],
} as const satisfies Record<string, readonly string[]>;

type CertSubject = keyof typeof SUBJECTS;

export const certSubjects = Object.keys(SUBJECTS) as readonly CertSubject[];

/** Parses the action, and checks that the options apply to it.
 *
 * @throws {UsageError} when there is no such action, or an option has no effect on it */
export function parseSubject(word: string, flags: ReadonlySet<string>): CertSubject {
  const subject = certSubjects.find((one) => one === word);
  if (subject === undefined) {
    throw new UsageError(
      `unknown subject "${word}"${knownAre(word, certSubjects)}`,
    );
  }
  const own: readonly string[] = SUBJECTS[subject];
  const foreign = [...flags].find((key) =>
    (Object.hasOwn(makingOptions, key) || Object.hasOwn(showingOptions, key)) && !own.includes(key)
  );
  if (foreign === undefined) return subject;
  throw new UsageError(`--${flagName(foreign)} has no effect on cert ${subject}; leave it out`);
}

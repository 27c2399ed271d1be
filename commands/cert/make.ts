// The actions of `cert` that make files: the local authority, certificates, signing requests.

import { basename } from "node:path";
import { type KeptAuthority, openAuthority } from "../../core/certificates/authority_folder.ts";
import { fingerprintOf } from "../../core/certificates/fingerprint.ts";
import type { CertificateUse } from "../../core/certificates/names.ts";
import { errorText } from "../../core/event.ts";
import { UsageError } from "../../core/usage_error.ts";
import { dataFolderOr, fileNameOf } from "../line/data_folder.ts";
import { readSmallFile, writeParts } from "./file.ts";
import type { CertValues } from "./options.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { printable } from "../terminal/printable.ts";
import { alignedRows } from "../terminal/table.ts";

/** Returns the local authority; creates it when there is none, with a note.
 *
 * @throws {UsageError} when it must not be used, or its folder cannot be */
async function theAuthority(
  given: string | undefined,
  io: Stdio,
): Promise<{ readonly authority: KeptAuthority; readonly made: boolean }> {
  const dataFolder = dataFolderOr(given);
  try {
    const opened = await openAuthority(dataFolder, Date.now());
    if (opened.made) io.note(`made a local authority in ${dataFolder}`);
    return opened;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `cannot keep the local authority in ${dataFolder}: ${errorText(error)}; ` +
        "name another folder with --data-folder",
    );
  }
}

/** `cert authority`. */
export async function showAuthority({ dataFolder }: CertValues, io: Stdio): Promise<void> {
  const { authority, made } = await theAuthority(dataFolder, io);
  const { cert, certFile, keyFile } = authority;
  await report(io, "authority", {
    cert,
    files: { certificate: certFile, key: keyFile },
    made,
  });
}

/** `cert server` and `cert client`. */
export async function issue(
  names: readonly string[],
  use: CertificateUse,
  values: CertValues,
  io: Stdio,
): Promise<void> {
  refuseNone(names, use === "server" ? "localhost 127.0.0.1" : "ada@harbour.example");
  const { issueCertificate } = await import("../../core/certificates/issue.ts");
  const { authority } = await theAuthority(values.dataFolder, io);
  const { days, keyType } = values;
  const { cert, chain, key } = await issueCertificate(authority, { names, use, days, keyType });
  const [certificate, keyFile] = await writeParts(fileNameOf(names[0]!), [
    { extension: ".pem", text: chain, isPrivate: false },
    { extension: ".key", text: key, isPrivate: true },
  ], values);
  await report(io, "issued", { cert, files: { certificate, key: keyFile } });
}

export async function request(
  names: readonly string[],
  values: CertValues,
  io: Stdio,
): Promise<void> {
  refuseNone(names, "localhost 127.0.0.1");
  const { createRequest } = await import("../../core/certificates/signing_request.ts");
  const { keyType, client } = values;
  const use = client ? "client" : "server";
  const made = await createRequest({ names, use, keyType });
  const [file, key] = await writeParts(fileNameOf(names[0]!), [
    { extension: ".csr", text: made.request, isPrivate: false },
    { extension: ".key", text: made.key, isPrivate: true },
  ], values);
  if (io.json) io.printJson({ event: "request", request: file, key, names });
  else printRows(io, [["request", file!], ["key", key!], ["names", names.join(", ")]]);
}

export async function sign(file: string, values: CertValues, io: Stdio): Promise<void> {
  const { signRequest } = await import("../../core/certificates/signing_request.ts");
  const pem = new TextDecoder().decode(await readSmallFile(file));
  const { authority } = await theAuthority(values.dataFolder, io);
  const { days, client } = values;
  let signed;
  try {
    const use = client ? "client" : "server";
    signed = await signRequest(authority, pem, { use, days, now: Date.now() });
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${file}: ${error.message}`);
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(
      `${file}: ${error.message}; make one with: sockdock cert request NAME`,
    );
  }
  if (signed.leftOut.length > 0) {
    io.warn(`left out what the request asked for besides names: ${signed.leftOut.join(", ")}`);
  }
  const name = fileNameOf(basename(file).replace(/\.(csr|req|pem)$/i, ""));
  const [certificate] = await writeParts(name, [
    { extension: ".pem", text: signed.chain, isPrivate: false },
  ], values);
  await report(io, "issued", {
    cert: signed.cert,
    files: { certificate },
    leftOut: signed.leftOut,
  });
}

function refuseNone(names: readonly string[], example: string): void {
  if (names.length > 0) return;
  throw new UsageError(`a certificate is for at least one name, such as: ${example}`);
}

async function report(
  io: Stdio,
  event: string,
  { cert, files, ...more }: {
    readonly cert: string;
    readonly files: Readonly<Record<string, string | undefined>>;
    readonly [key: string]: unknown;
  },
): Promise<void> {
  const { pemBlocks } = await import("../../core/certificates/pem.ts");
  const { describeCertificate } = await import("../../core/certificates/description.ts");
  const [block] = pemBlocks(cert);
  const { names, validTo, daysLeft } = await describeCertificate(block!.der, Date.now());
  const fingerprint = await fingerprintOf(cert);
  if (io.json) {
    io.printJson({ event, ...files, ...more, names, fingerprint, validTo, daysLeft });
    return;
  }
  printRows(io, [
    ...Object.entries(files).map(([what, path = ""]) => [what, path] as const),
    ...names.length === 0 ? [] : [["names", names.join(", ")] as const],
    ["valid to", `${validTo.slice(0, 10)}, ${daysLeft} days left`],
    ["SHA-256", fingerprint],
  ]);
}

function printRows(io: Stdio, rows: readonly (readonly [string, string])[]): void {
  const painted = rows.map(([what, value]) => [
    io.paintStdout("dim", what),
    printable(value),
  ]);
  for (const line of alignedRows(painted)) io.print(line);
}

// Certificates and keys in PEM (RFC 7468): parsing of text and reading of files, with errors that
// name what a file contains instead.

import type { X509Certificate } from "node:crypto";
import { errorText } from "../event.ts";
import { isFileText, shownFile } from "../files/file_or_text.ts";
import { UsageError } from "../usage_error.ts";

interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Uint8Array<ArrayBuffer>;
}

/** Parses all blocks in their order; text around them is ignored.
 * @throws {SyntaxError} when a block is not base64 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g);
  return [...blocks].map(([, label = "", base64 = ""]) => {
    try {
      const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      return { label, der };
    } catch {
      throw new SyntaxError(`the block ${label} is not base64 inside`);
    }
  });
}

type PemLabel = "CERTIFICATE" | "PRIVATE KEY";

const command = { "CERTIFICATE": "x509", "PRIVATE KEY": "pkey" } as const;

/** Reads a PEM file, or takes the text given in its place, and makes sure that it holds what it
 * should.
 * @param flag the option that was given, which begins every message
 * @param given the path of the file, or its text
 * @throws {UsageError} naming the file and the remedy */
export async function readPem(flag: string, given: string, label: PemLabel): Promise<string> {
  const what = label.toLowerCase();
  const file = shownFile(given);
  let pem: string;
  try {
    pem = isFileText(given) ? given : await Deno.readTextFile(given);
  } catch (error) {
    throw new UsageError(`${flag}: cannot read ${file}: ${readFailure(error)}`);
  }
  if (pem.trim() === "") {
    throw new UsageError(`${flag}: ${file} is empty; it should hold a ${what} in PEM`);
  }
  if (label === "PRIVATE KEY" && /BEGIN ENCRYPTED|Proc-Type:.*ENCRYPTED/.test(pem)) {
    throw new UsageError(
      `${flag}: the key in ${file} is encrypted; ` +
        `decrypt it with: openssl pkey -in ${isFileText(given) ? "FILE" : file} -out plain.pem`,
    );
  }
  if (!holds(pem, label)) {
    throw new UsageError(`${flag}: ${file} holds no ${what} in PEM; ${remedy(pem, given, label)}`);
  }
  if (!/-----BEGIN [A-Z ]+-----\s*\n/.test(pem)) {
    throw new UsageError(
      `${flag}: the ${what} in ${file} has lost its line breaks; ` +
        "where it has \\n instead, replace each by a line break",
    );
  }
  return pem;
}

/** The certificates in a PEM text, in their order.
 * @param flag the option that was given, which begins every message
 * @param given the path of the file, or its text
 * @throws {UsageError} when one of them is not a certificate inside */
export async function parseCertificates(
  flag: string,
  given: string,
  pem: string,
): Promise<X509Certificate[]> {
  const { X509Certificate } = await import("node:crypto");
  try {
    const blocks = pemBlocks(pem).filter(({ label }) => label === "CERTIFICATE");
    if (blocks.length === 0) throw new SyntaxError("its last line is missing");
    return blocks.map(({ der }) => new X509Certificate(der));
  } catch (error) {
    throw new UsageError(
      `${flag}: the certificate in ${shownFile(given)} is damaged; copy it again (${
        errorText(error)
      })`,
    );
  }
}

/** Whether a text has a block with that label; the label of a key may name its algorithm first. */
function holds(pem: string, label: PemLabel): boolean {
  return new RegExp(`-----BEGIN (?:[A-Z]+ )?${label}-----`).test(pem);
}

function readFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return errorText(error);
}

function remedy(pem: string, given: string, label: PemLabel): string {
  const other = label === "CERTIFICATE" ? "PRIVATE KEY" : "CERTIFICATE";
  if (holds(pem, other)) {
    return `it holds a ${other.toLowerCase()}; ` +
      (isFileText(given) ? "give the other text" : "name the other file");
  }
  if (isFileText(given)) return `it should begin with -----BEGIN ${label}-----`;
  const openssl = `openssl ${command[label]}`;
  return `if it is DER, convert it with: ${openssl} -inform der -in ${given} -out ${given}.pem`;
}

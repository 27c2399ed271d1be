// Shows the steps of a request on stderr, as curl does: `*` for connections and TLS, `>` for heads
// that are sent, `<` for heads that arrive.

import { formatAddress } from "../../core/addresses/address.ts";
import type { CertificateDescription } from "../../core/certificates/description.ts";
import type { TlsFacts } from "../../core/connection.ts";
import { maskedValue } from "../../core/http/secrets.ts";
import type { Field } from "../../clients/http/message.ts";
import type { FetchStep } from "../../clients/http/step.ts";
import { printable } from "../terminal/printable.ts";
import type { Stdio } from "../terminal/stdio.ts";

interface ShownSteps {
  /** Whether passwords, tokens and cookies are shown as they are. */
  readonly showSecrets: boolean;
  readonly now: () => number;
}

/** Prints steps in their order. Describing a certificate takes a moment, so what follows waits. */
export class StepPrinter {
  readonly #io: Stdio;
  readonly #options: ShownSteps;
  #last: Promise<void> = Promise.resolve();

  constructor(io: Stdio, options: ShownSteps) {
    this.#io = io;
    this.#options = options;
  }

  take(step: FetchStep): void {
    this.#last = this.#last.then(async () => {
      for (const line of await linesOf(step, this.#options)) this.#print(line);
    });
  }

  /** Resolves once all steps are printed. */
  get printed(): Promise<void> {
    return this.#last;
  }

  #print([sign, text]: readonly [sign: string, text: string]): void {
    const line = `${sign} ${printable(text)}`.trimEnd();
    this.#io.note(sign === "*" ? this.#io.paint("dim", line) : line);
  }
}

async function linesOf(
  step: FetchStep,
  { showSecrets, now }: ShownSteps,
): Promise<(readonly [string, string])[]> {
  const fields = (list: readonly Field[]) =>
    list.map(([name, value]) => `${name}: ${showSecrets ? value : maskedValue(name, value)}`);
  const about = (texts: readonly string[]) => texts.map((text) => ["*", text] as const);
  switch (step.step) {
    case "connected": {
      const through = step.proxy === undefined ? "" : `, the proxy ${step.proxy}`;
      return about([`connected to ${formatAddress(step.remote)}${through}, for ${step.origin}`]);
    }
    case "secured":
      return about(await tlsLines(step.facts, step.trust, now()));
    case "request":
      return [`${step.method} ${step.target} HTTP/1.1`, ...fields(step.headerList), ""]
        .map((text) => [">", text]);
    case "response": {
      const { httpVersion, status, statusText, headerList } = step;
      return [`HTTP/${httpVersion} ${status} ${statusText}`, ...fields(headerList), ""]
        .map((text) => ["<", text]);
    }
  }
}

async function tlsLines(
  { version, cipher, alpnProtocol, certificate }: TlsFacts,
  trust: Extract<FetchStep, { step: "secured" }>["trust"],
  now: number,
): Promise<string[]> {
  const alpn = alpnProtocol === undefined ? "" : `, ALPN ${alpnProtocol}`;
  const lines = [`${version}, ${cipher}${alpn}`];
  if (certificate === undefined) return lines;
  const { describeCertificate } = await import("../../core/certificates/description.ts");
  let shown: CertificateDescription;
  try {
    shown = await describeCertificate(certificate, now);
  } catch {
    return [...lines, "the certificate of the server could not be read"];
  }
  const names = shown.names.join(", ") || "no names";
  const verified = {
    authority: "verified by an authority that is trusted here",
    fingerprint: "trusted by its fingerprint",
    none: "not verified (--insecure)",
  }[trust];
  return [
    ...lines,
    `certificate ${shown.subject || "without a subject"} for ${names}`,
    `issued by ${shown.issuer}, until ${shown.validTo.slice(0, 10)} (${shown.daysLeft} days), ` +
    verified,
  ];
}

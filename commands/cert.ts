// The command `sockdock cert`: manages the local authority; makes and shows certificates.

import { mergeTables } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { certSubjects, makingOptions, parseSubject, showingOptions } from "./cert/options.ts";
import { defineCommand, FILES } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import { exitCodes } from "./exit_code.ts";

export const cert = defineCommand({
  name: "cert",
  summary: "makes, signs and shows certificates, from a local authority",
  usage: `<${certSubjects.join("|")}> [name|file|url]...`,
  details:
    `\`authority\` shows the local authority, and makes it when there is none. It lies in your data
folder (--data-folder, SOCKDOCK_DATA_FOLDER), its key readable by you alone. Servers that are given no
certificate show one that it issued. Nothing trusts it by itself: \`trust\` says how each system does,
and our own clients do with --tls-ca local.

\`server\` takes host names (*.harbour.example too) and addresses, \`client\` e-mail addresses, URIs and
names. Each writes NAME.pem, the certificate with the authority's after it, and NAME.key. \`request\`
writes NAME.csr and NAME.key for an authority elsewhere; \`sign\` signs the request of another person,
for the names in it and nothing more.

\`show\` prints what is in a file, PEM or DER, or what a server on tls, https or wss shows and whether
a client would believe it (exit code 3 when not).`,
  options: mergeTables(printingOptions, makingOptions, showingOptions),
  groups: [
    { title: "Making", options: makingOptions },
    { title: "Showing a server's", options: showingOptions },
  ],
  examples: [
    {
      run: "sockdock cert server localhost 127.0.0.1 ::1",
      does: "makes localhost.pem and its key",
    },
    { run: "sockdock cert client ada@harbour.example", does: "makes a certificate for a client" },
    { run: "sockdock cert sign quay.csr --folder signed", does: "signs a request" },
    { run: "sockdock cert show https://localhost:8443", does: "shows what a server shows" },
    { run: "sockdock cert trust", does: "says how to trust the local authority" },
  ],
  minArguments: 1,
  complete([subject], current) {
    if (subject === undefined) return certSubjects;
    if (subject === "sign") return [FILES];
    if (subject !== "show") return [];
    return current.includes(":") ? [] : ["tls://", "https://", "wss://", FILES];
  },
  async run({ arguments: [word = "", ...operands], options, flags, io }) {
    const subject = parseSubject(word, flags);
    switch (subject) {
      case "authority": {
        refuseOperands(subject, operands);
        const { showAuthority } = await import("./cert/make.ts");
        await showAuthority(options, io);
        break;
      }
      case "server":
      case "client": {
        const { issue } = await import("./cert/make.ts");
        await issue(operands, subject, options, io);
        break;
      }
      case "request": {
        const { request } = await import("./cert/make.ts");
        await request(operands, options, io);
        break;
      }
      case "sign": {
        const { sign } = await import("./cert/make.ts");
        await sign(oneOperand(subject, operands, "file.csr"), options, io);
        break;
      }
      case "show": {
        const { show } = await import("./cert/show.ts");
        return await show(oneOperand(subject, operands, "file or URL"), options, io);
      }
      case "trust": {
        refuseOperands(subject, operands);
        const { trust } = await import("./cert/trust.ts");
        await trust(options, io);
      }
    }
    return exitCodes.ok;
  },
});

function oneOperand(subject: string, operands: readonly string[], what: string): string {
  const [operand, second] = operands;
  if (operand === undefined || second !== undefined) {
    throw new UsageError(`cert ${subject} takes one ${what}, got ${operands.length}`);
  }
  return operand;
}

function refuseOperands(subject: string, [operand]: readonly string[]): void {
  if (operand === undefined) return;
  throw new UsageError(`cert ${subject} takes no more words, got "${operand}"`);
}

// `cert trust`: prints how to make each system and program trust the local authority. It changes
// nothing itself: that is for the owner of the machine to decide.

import { loadAuthority } from "../../core/certificates/authority_folder.ts";
import { fingerprintOf } from "../../core/certificates/fingerprint.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { CertValues } from "./options.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { dataFolderOr } from "../line/data_folder.ts";

interface Recipe {
  readonly system: string;
  readonly how: readonly string[];
}

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
  const recipes = recipesFor(certFile);
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

function recipesFor(path: string): Recipe[] {
  const file = /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
  const onWindows = `"${path.replaceAll("/", "\\")}"`;
  return [
    { system: "sockdock", how: ["--tls-ca local"] },
    {
      system: "Debian, Ubuntu",
      how: [
        `sudo cp ${file} /usr/local/share/ca-certificates/sockdock.crt`,
        "sudo update-ca-certificates",
      ],
    },
    {
      system: "Fedora, Red Hat",
      how: [
        `sudo cp ${file} /etc/pki/ca-trust/source/anchors/sockdock.pem`,
        "sudo update-ca-trust",
      ],
    },
    {
      system: "macOS",
      how: [
        "sudo security add-trusted-cert -d -r trustRoot " +
        `-k /Library/Keychains/System.keychain ${file}`,
      ],
    },
    {
      system: "Windows (for this user)",
      how: [`certutil -user -addstore Root ${onWindows}`],
    },
    {
      system: "Chromium and Chrome on Linux (certutil is in libnss3-tools)",
      how: [`certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n sockdock -i ${file}`],
    },
    {
      system: "Firefox",
      how: [
        "Settings, Privacy & Security, View Certificates, Authorities, Import, and choose",
        path,
      ],
    },
    {
      system: "Java",
      how: [
        `keytool -importcert -noprompt -cacerts -storepass changeit -alias sockdock -file ${file}`,
      ],
    },
    { system: "curl", how: [`curl --cacert ${file} https://localhost:8443/`] },
    { system: "Deno", how: [`export DENO_CERT=${file}`] },
    { system: "Node", how: [`export NODE_EXTRA_CA_CERTS=${file}`] },
    {
      system: "Python (each trusts nothing else then)",
      how: [`export SSL_CERT_FILE=${file}`, `export REQUESTS_CA_BUNDLE=${file}`],
    },
  ];
}

// How each system and program is made to trust a certificate, as commands. Nothing here runs them: that
// is for the owner of the machine to decide.

import { shellWord } from "../shell_word.ts";

/** What makes one system or program trust a certificate. */
interface TrustRecipe {
  /** Such as `curl` or `Debian, Ubuntu`. */
  readonly system: string;
  /** Commands or steps, in order. */
  readonly how: readonly string[];
}

/** What is to be trusted. */
interface Trusted {
  /** Path of a file with the certificate, PEM. */
  readonly file: string;
  /** What `--tls-ca` takes for it. Default: the file. */
  readonly sockdock?: string;
  /** Whether it vouches for others; otherwise it is that of a server alone. Default: true. */
  readonly isAuthority?: boolean;
  /** Where a server shows it, for examples. Default: `https://localhost:8443`. */
  readonly url?: string;
}

export function trustRecipes(
  { file: path, sockdock = path, isAuthority = true, url = "https://localhost:8443" }: Trusted,
): readonly TrustRecipe[] {
  const file = shellWord(path);
  const onWindows = `"${path.replaceAll("/", "\\")}"`;
  const { host } = new URL(url.replace(/^[a-z0-9+]+:/, "https:"));
  const place = host.includes(":", host.indexOf("]") + 1) ? host : `${host}:443`;
  const datagrams = url.startsWith("dtls") ? "-dtls1_2 " : "";
  return [
    { system: "sockdock", how: [`--tls-ca ${shellWord(sockdock)}`] },
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
      how: [
        `certutil -d sql:$HOME/.pki/nssdb -A -t ${
          isAuthority ? "C" : "P"
        },, -n sockdock -i ${file}`,
      ],
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
    {
      system: "curl",
      how: [
        url.startsWith("https:")
          ? `curl --cacert ${file} ${shellWord(`https://${host}/`)}`
          : `export CURL_CA_BUNDLE=${file}`,
      ],
    },
    {
      system: "OpenSSL",
      how: [`openssl s_client ${datagrams}-connect ${place} -CAfile ${file} -verify_return_error`],
    },
    { system: "Deno", how: [`export DENO_CERT=${file}`] },
    { system: "Node", how: [`export NODE_EXTRA_CA_CERTS=${file}`] },
    {
      system: "Python (each trusts nothing else then)",
      how: [`export SSL_CERT_FILE=${file}`, `export REQUESTS_CA_BUNDLE=${file}`],
    },
  ];
}

/** The certificate of a server over the control, and how programs are made to trust it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { echo, hello, openControl, serve } from "../../../mod.ts";
import { createAuthority, issueCertificate } from "../../../mod/cert.ts";
import { findPeer, type PeerName, peerTest, runPeer } from "../../peer.ts";
import { RunningProcess } from "../../running_process.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { ask } from "../ask_control.ts";

const authority = await createAuthority();
const issued = await issueCertificate(authority, { names: ["127.0.0.1"] });

/** How servers come by their certificate: by themselves, or from an authority. */
const KINDS = {
  "made on the spot": {},
  "from an authority": { tlsCert: issued.chain, tlsKey: issued.key },
};

interface Recipe {
  readonly system: string;
  readonly how: readonly string[];
}

for (const [kind, options] of Object.entries(KINDS)) {
  peerTest(
    `programs trust a certificate ${kind} after their recipe, and not before`,
    ["bash", "curl", "node", "openssl", "python3"],
    async () => {
      await using folder = await temporaryFolder();
      await using server = await serve("https://127.0.0.1:0", hello, options);
      await using control = await openControl([server]);
      const file = `${folder.path}/it's to trust.pem`;
      const { body } = await ask(
        control,
        "GET",
        `/api/servers/1/certificate?${new URLSearchParams({ file })}`,
      );
      assertEquals(body.trusted.isAuthority, kind === "from an authority");
      await Deno.writeTextFile(file, body.trusted.pem);
      const recipes: readonly Recipe[] = body.recipes;
      const how = (system: string) => recipes.find((one) => one.system.startsWith(system))!.how;
      const url = JSON.stringify(server.url);
      const runs: [string, PeerName, readonly string[]][] = [
        ["Python", "python3", [
          "-c",
          `import urllib.request as r; print(r.urlopen(${url}).read())`,
        ]],
        ["Node", "node", ["-e", `fetch(${url}).then(a => a.text()).then(console.log)`]],
      ];
      for (const [system, program, args] of runs) {
        const line = [`${JSON.stringify(findPeer(program))}`, ...args.map(quoted)].join(" ");
        const before = await runPeer("bash", ["-c", line]);
        assert(before.code !== 0, `${system} trusts it without its recipe`);
        const { stdout, stderr } = await runPeer("bash", [
          "-c",
          [...how(system), line].join("\n"),
        ]);
        assertStringIncludes(stdout, "<title>", `${system}: ${stderr}`);
      }
      const curl = await runPeer("bash", ["-c", `${how("curl")[0]} -sS`]);
      assertStringIncludes(curl.stdout, "<title>", curl.stderr);
      const openssl = await runPeer("bash", ["-c", how("OpenSSL")[0]!], { stdin: "Q\n" });
      assertStringIncludes(openssl.stdout, "Verify return code: 0", openssl.stderr);
      await using deno = new RunningProcess("/bin/bash", [
        "-c",
        [
          ...how("Deno"),
          `${JSON.stringify(Deno.execPath())} eval ${
            quoted(`console.log(await (await fetch(${url})).text())`)
          }`,
        ].join("\n"),
      ]);
      const ended = await deno.finish();
      assertStringIncludes(ended.stdout, "<title>", ended.stderr);
    },
  );
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

Deno.test("a certificate is told with its end, and what vouches for it", async () => {
  const now = Date.now() - 390 * 86_400_000;
  const old = await createAuthority({ now });
  const ending = await issueCertificate(old, { names: ["127.0.0.1"], now });
  await using server = await serve("tls://127.0.0.1:0", echo, {
    tlsCert: ending.chain,
    tlsKey: ending.key,
  });
  // One whose authority it does not show.
  await using alone = await serve("tls://127.0.0.1:0", echo, {
    tlsCert: issued.cert,
    tlsKey: issued.key,
  });
  await using plain = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server, alone, plain]);
  const { body } = await ask(control, "GET", "/api/servers/1/certificate");
  assertEquals([body.names, body.state, body.daysLeft], [["IP:127.0.0.1"], "valid", 6]);
  assertEquals(body.trusted.isAuthority, true);
  assertStringIncludes(body.trusted.subject, "sockdock authority");
  assertEquals(body.trusted.pem.trim(), old.cert.trim());
  const other = (await ask(control, "GET", "/api/servers/2/certificate")).body;
  assertEquals([other.trusted, other.recipes], [null, []]);
  const none = await ask(control, "GET", "/api/servers/3/certificate");
  assertEquals(none.status, 404);
});

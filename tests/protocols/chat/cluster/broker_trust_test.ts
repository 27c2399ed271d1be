/** TLS with the broker, and credentials. */

import { assertEquals } from "@std/assert";
import { nkeys } from "@nats-io/transport-node";
import { CertificateAuthority } from "../../../certificate_authority.ts";
import { peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { TestNode } from "./test_node.ts";

const context = { openTimeoutMs: 5_000 };

peerTest(
  "a broker with TLS is believed by its authority and its name",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    const authority = await CertificateAuthority.create(folder.path);
    const broker = await authority.issue("broker", { names: ["DNS:localhost", "IP:127.0.0.1"] });
    const other = await CertificateAuthority.create(folder.path, "other");
    const client = await authority.issue("node", { purpose: "client" });
    const tls = ["--tls", "--tlscert", broker.cert, "--tlskey", broker.key];
    await using running = await NatsBroker.start(folder.path, [
      ...tls,
      "--tlsverify",
      "--tlscacert",
      authority.file,
    ]);
    const own = { natsTlsCert: client.cert, natsTlsKey: client.key };
    for (const host of ["127.0.0.1", "localhost"]) {
      const url = `tls://${host}:${running.port}`;
      const options = { ...own, natsTlsCa: authority.file };
      await using node = await TestNode.open(url, { options, context });
      assertEquals((await node.say(host)).scope, "stored", node.notices.join());
    }
    const url = `tls://127.0.0.1:${running.port}`;
    for (const options of [own, { ...own, natsTlsCa: other.file }, { natsTlsCa: authority.file }]) {
      await using node = await TestNode.open(url, { options, context });
      assertEquals((await node.say("no")).scope, "local", node.notices.join());
    }
  },
);

peerTest(
  "a broker is believed only by the name that it was dialled with",
  ["nats-server"],
  async () => {
    for (
      const [named, host, scope] of [
        ["DNS:broker.example", "127.0.0.1", "local"],
        ["DNS:broker.example", "localhost", "local"],
        ["DNS:localhost", "127.0.0.1", "local"],
        ["IP:127.0.0.1", "localhost", "local"],
        ["DNS:localhost", "localhost", "stored"],
        ["IP:127.0.0.1", "127.0.0.1", "stored"],
      ] as const
    ) {
      await using folder = await temporaryFolder();
      const authority = await CertificateAuthority.create(folder.path);
      const { cert, key } = await authority.issue("broker", { names: [named] });
      const tls = ["--tls", "--tlscert", cert, "--tlskey", key];
      await using broker = await NatsBroker.start(folder.path, tls);
      await using node = await TestNode.open(`tls://${host}:${broker.port}`, {
        options: { natsTlsCa: authority.file },
        context,
      });
      const receipt = await node.say("hello");
      assertEquals(receipt.scope, scope, `${named} at ${host}: ${node.notices.join()}`);
    }
  },
);

peerTest("tls:// does not speak with a broker that has no TLS", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using node = await TestNode.open(`tls://127.0.0.1:${broker.port}`, { context });
  assertEquals((await node.say("no")).scope, "local");
});

peerTest("credentials let a node in, and without them it stays out", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  const [operator, account, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const system = nkeys.createAccount();
  const base64url = (bytes: Uint8Array) =>
    bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const encode = (value: object) => base64url(new TextEncoder().encode(JSON.stringify(value)));
  const token = (issuer: typeof operator, subject: typeof operator, nats: object) => {
    const claims = {
      jti: crypto.randomUUID(),
      iat: Math.floor(Date.now() / 1_000),
      iss: issuer.getPublicKey(),
      sub: subject.getPublicKey(),
      name: "test",
      nats: { ...nats, version: 2 },
    };
    const body = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode(claims)}`;
    return `${body}.${base64url(issuer.sign(new TextEncoder().encode(body)))}`;
  };
  const unlimited = Object.fromEntries(
    ["subs", "data", "payload", "imports", "exports", "conn", "leaf"].map((name) => [name, -1]),
  );
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = { ...unlimited, ...storage, wildcards: true };
  const config = `${folder.path}/nats.conf`;
  await Deno.writeTextFile(
    config,
    `operator: ${token(operator, operator, { type: "operator" })}
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: {
  ${account.getPublicKey()}: ${token(operator, account, { type: "account", limits })}
  ${system.getPublicKey()}: ${
      token(operator, system, { type: "account", limits: { ...unlimited, wildcards: true } })
    }
}
`,
  );
  const natsCreds = `${folder.path}/node.creds`;
  await Deno.writeTextFile(
    natsCreds,
    `-----BEGIN NATS USER JWT-----
${token(account, user, { type: "user", subs: -1, data: -1, payload: -1 })}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`,
    { mode: 0o600 },
  );
  await using broker = await NatsBroker.start(folder.path, ["-c", config]);
  await using node = await TestNode.open(broker.url, { options: { natsCreds }, context });
  assertEquals((await node.say("in")).scope, "stored", node.notices.join());
  await using stranger = await TestNode.open(broker.url, { context });
  assertEquals((await stranger.say("out")).scope, "local");
});

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { resolveOptions } from "../../../../core/options/option.ts";
import { UsageError } from "../../../../core/usage_error.ts";
import {
  readClusterSettings,
  refuseForgetful,
} from "../../../../protocols/chat/cluster/settings.ts";
import { type ClusterOptions, clusterOptions } from "../../../../protocols/chat/options.ts";
import { CertificateAuthority } from "../../../certificate_authority.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

function read(cluster: readonly string[], more: Partial<ClusterOptions> = {}) {
  return readClusterSettings(resolveOptions(clusterOptions, { cluster, ...more }));
}

Deno.test("brokers are read from their URLs", async () => {
  const { brokers, tls } = await read(["nats://[::1]:5000", "broker.example", "nats://10.0.0.1/"]);
  assertEquals(brokers, ["[::1]:5000", "broker.example:4222", "10.0.0.1:4222"]);
  assertEquals(tls, undefined);
});

Deno.test("one tls:// has TLS with every broker", async () => {
  assertEquals((await read(["nats://one", "tls://two"])).tls, {});
});

for (
  const [url, remedy] of [
    ["nats://alice:secret@host", "--nats-creds"],
    ["nats://token@host:4222", "--nats-creds"],
    ["alice:secret@host", "--nats-creds"],
    ["http://host", "neither nats:// nor tls://"],
    ["nats://host/path", "nats://host:port"],
    ["nats://host:99999", "nats://host:port"],
    ["", "nats://host:port"],
  ] as const
) {
  Deno.test(`--cluster ${url || "(nothing)"} is refused with the remedy`, async () => {
    const error = await assertRejects(() => read([url]), UsageError, remedy);
    assertEquals(error.message.includes("secret"), false);
  });
}

Deno.test("a cluster name is a token of a subject", async () => {
  for (const clusterName of ["", "a.b", "a b", "*", ">", "x".repeat(33)]) {
    await assertRejects(() => read(["nats://host"], { clusterName }), UsageError, "--cluster-name");
  }
});

Deno.test("credentials that others can read, or that are none, are refused", async () => {
  await using folder = await temporaryFolder();
  const natsCreds = `${folder.path}/node.creds`;
  const refused = async (reason: string) => {
    await assertRejects(() => read(["nats://host"], { natsCreds }), UsageError, reason);
  };
  await refused("no such file");
  await Deno.writeTextFile(natsCreds, "nothing", { mode: 0o600 });
  await refused("holds no NATS credentials");
  if (Deno.build.os === "windows") return;
  await Deno.chmod(natsCreds, 0o644);
  await refused("chmod go=");
});

Deno.test("a certificate for the broker comes with its key", async () => {
  await using folder = await temporaryFolder();
  const authority = await CertificateAuthority.create(folder.path);
  const { cert, key } = await authority.issue("node", { purpose: "client" });
  const alone = { natsTlsCert: cert };
  await assertRejects(() => read(["tls://host"], alone), UsageError, "add --nats-tls-key");
  const { tls } = await read(["nats://host"], { ...alone, natsTlsKey: key });
  assertStringIncludes(tls?.key ?? "", "PRIVATE KEY");
});

Deno.test("a cluster without a history file is refused", () => {
  for (const history of ["off", ":memory:"]) {
    assertThrows(() => refuseForgetful(history), UsageError, "name one");
  }
  refuseForgetful(undefined);
  refuseForgetful("chat.db");
});

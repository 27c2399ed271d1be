/** Certificates of servers, kept for the next start. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { openAuthority } from "../../../core/certificates/authority_folder.ts";
import { issuedFor } from "../../../core/certificates/issued.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const DAY_MS = 24 * 60 * 60_000;
const NOW = Date.UTC(2030, 0, 31);
const NAMES = ["localhost", "127.0.0.1"];

/** A local authority, its folder of issued certificates and the files in it. */
async function issuing() {
  const folder = await temporaryFolder();
  const { authority } = await openAuthority(folder.path, NOW);
  const issued = `${folder.path}/issued`;
  return {
    authority,
    files: () => [...Deno.readDirSync(issued)].map(({ name }) => `${issued}/${name}`),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

Deno.test("the next start shows the same certificate, whatever the order of its names", async () => {
  await using at = await issuing();
  const first = await issuedFor(at.authority, NAMES, NOW);
  assertEquals(await issuedFor(at.authority, NAMES, NOW + 100 * DAY_MS), first);
  assertEquals(await issuedFor(at.authority, [...NAMES.toReversed(), "localhost"], NOW), first);
  const [file = "", ...others] = at.files();
  assertEquals(others, []);
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
});

Deno.test("other names and another authority make another certificate", async () => {
  await using at = await issuing();
  await using elsewhere = await issuing();
  const first = await issuedFor(at.authority, NAMES, NOW);
  const named = await issuedFor(at.authority, ["quay.example"], NOW);
  assertEquals(new X509Certificate(named.chain).subjectAltName, "DNS:quay.example");
  assertEquals(at.files().length, 2);
  const mixed = { ...elsewhere.authority, dataFolder: at.authority.dataFolder };
  assertNotEquals((await issuedFor(mixed, NAMES, NOW)).chain, first.chain);
});

Deno.test("a certificate that ends soon, or whose time has not come, is replaced", async () => {
  await using at = await issuing();
  const first = await issuedFor(at.authority, NAMES, NOW);
  const late = NOW + 340 * DAY_MS;
  const second = await issuedFor(at.authority, NAMES, late);
  assertNotEquals(second.chain, first.chain);
  assert(new X509Certificate(second.chain).validToDate.getTime() > late + 300 * DAY_MS);
  assertNotEquals(
    (await issuedFor(at.authority, NAMES, NOW)).chain,
    second.chain,
    "clock set back",
  );
  assertEquals(at.files().length, 1);
});

Deno.test("a kept file that was damaged or opened to others is replaced", async () => {
  await using at = await issuing();
  const first = await issuedFor(at.authority, NAMES, NOW);
  const [file = ""] = at.files();
  await Deno.writeTextFile(file, (await Deno.readTextFile(file)).slice(0, 300));
  const second = await issuedFor(at.authority, NAMES, NOW);
  assertNotEquals(second.chain, first.chain);
  if (Deno.build.os === "windows") return;
  await Deno.chmod(file, 0o644);
  assertNotEquals((await issuedFor(at.authority, NAMES, NOW)).chain, second.chain);
  assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
});

Deno.test("where nothing can be kept, a certificate is issued all the same", async () => {
  await using at = await issuing();
  await Deno.writeTextFile(`${at.authority.dataFolder}/issued`, "in the way");
  const { chain, key } = await issuedFor(at.authority, NAMES, NOW);
  assert(chain.endsWith(at.authority.cert));
  assert(key.startsWith("-----BEGIN PRIVATE KEY-----"));
});

Deno.test("no more than 64 certificates are kept, those used last made among them", async () => {
  await using at = await issuing();
  await issuedFor(at.authority, NAMES, NOW);
  const [file = ""] = at.files();
  const folder = file.slice(0, file.lastIndexOf("/"));
  for (let index = 0; index < 80; index++) {
    await Deno.writeTextFile(`${folder}/${index}.pem`, "");
    await Deno.utime(`${folder}/${index}.pem`, index, index);
  }
  await issuedFor(at.authority, ["quay.example"], NOW);
  assertEquals(at.files().length, 64);
  assert(at.files().includes(file));
});

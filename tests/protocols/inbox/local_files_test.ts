/** Listing what is sent, and sending no other file than was listed. */

import { assertEquals, assertMatch } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { listLocalFiles } from "../../../protocols/inbox/local_files.ts";
import { sendFiles } from "../../../protocols/inbox/send_files.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { contentsOf, servedInbox } from "./talker.ts";

Deno.test("a file is not sent when a link took the place of its folder since it was listed", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await Deno.mkdir(`${path}/sent/sub`, { recursive: true });
  await Deno.mkdir(`${path}/other`);
  await Deno.writeTextFile(`${path}/sent/before`, "ours");
  await Deno.writeTextFile(`${path}/sent/sub/file`, "ours");
  await Deno.writeTextFile(`${path}/other/file`, "not ours to send");
  const { files } = await listLocalFiles([`${path}/sent`]);
  await Deno.rename(`${path}/sent/sub`, `${path}/moved`);
  await Deno.symlink(`${path}/other`, `${path}/sent/sub`);
  await using served = await servedInbox();
  using session = await connect(served.url);
  const outcomes = await Array.fromAsync(sendFiles(session, files));
  assertEquals(outcomes.map(({ status }) => status), ["arrived", "failed"]);
  assertMatch(JSON.stringify(outcomes[1]), /moved or replaced/);
  assertEquals(await contentsOf(served.path), ["sent/", "sent/before"]);
});

Deno.test("a file that is named by way of a link is sent", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await Deno.mkdir(`${path}/folder`);
  await Deno.writeTextFile(`${path}/folder/file`, "ours");
  await Deno.symlink("folder", `${path}/link`);
  const { files } = await listLocalFiles([`${path}/link/file`]);
  await using served = await servedInbox();
  using session = await connect(served.url);
  const [outcome] = await Array.fromAsync(sendFiles(session, files));
  assertEquals(outcome?.status, "arrived");
});

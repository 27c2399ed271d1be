/** The index page of `serve inspect` in a browser. */

import { assertStringIncludes } from "@std/assert";
import { serve } from "../../dock/serve.ts";
import { inspect } from "../../web/inspect.ts";
import { CHROMIUM_FLAGS, profileFolder } from "../chromium.ts";
import { peerTest, runPeer } from "../peer.ts";

peerTest("in Chromium the page's policy lets its own script write the command lines", [
  "chromium",
], async () => {
  await using profile = await profileFolder();
  await using server = await serve("http://127.0.0.1:0", inspect);
  const { stdout } = await runPeer("chromium", [
    "--headless",
    ...CHROMIUM_FLAGS,
    `--user-data-dir=${profile.path}`,
    "--dump-dom",
    `${server.url}/#/range/:n`,
  ]);
  assertStringIncludes(
    stdout,
    `<code>curl -i -H 'Range: bytes=26-30' ${server.url}/range/52</code>`,
  );
  assertStringIncludes(stdout, `<code>sockdock connect ws${server.url.slice(4)}/ws</code>`);
  assertStringIncludes(stdout, 'id="/range/:n" open=""');
});

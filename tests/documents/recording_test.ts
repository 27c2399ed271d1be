/** The picture of README.md shows what the commands do now. */

import { assert } from "@std/assert";
import { PICTURE, recordChat } from "../../.ci/recording/chat.ts";
import { peerTest } from "../peer.ts";
import { readText } from "./pages.ts";

peerTest("the recording of a chat is what takes place today", ["python3"], async () => {
  const picture = readText(PICTURE);
  // A comparison would print all of it.
  assert(
    await recordChat() === picture,
    `${PICTURE} is out of date; run: deno run --allow-all .ci/recording/chat.ts`,
  );
  assert(picture.length < 100_000);
});

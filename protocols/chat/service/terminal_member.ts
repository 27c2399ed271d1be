// The operator at the terminal of the server, as a member of the chat: it is shown all rooms, speaks
// in one, and needs no proof of its identity.

import { errorText } from "../../../core/event.ts";
import { TokenBucket } from "../admission/token_bucket.ts";
import type { Hub } from "../hub/hub.ts";
import { LocalMember } from "../hub/local_member.ts";
import { PlainSpeaker } from "./plain_speaker.ts";

/** Says the lines that are typed in the chat, until their end. Never rejects. */
export async function speakFromTerminal(hub: Hub, lines: AsyncIterable<string>): Promise<void> {
  const { context, options } = hub;
  const member = new LocalMember({
    session: undefined,
    outbox: undefined,
    asText: true,
    bucket: new TokenBucket(1e9, 1e9, hub.elapsedMs()),
    identity: undefined,
    host: undefined,
    claimedHost: undefined,
    ghostHost: undefined,
    historyLimit: options.historyPage,
    historyBytes: Infinity,
    answerBytes: Infinity,
    plainMaxBytes: Infinity,
    listLimit: Infinity,
    onePage: false,
    show: (line) => context.emit?.({ event: "notice", text: line.replace(/^\* /, "") }),
    close: () => {},
  });
  member.name = options.as;
  member.standing = "verified";
  member.isOperator = true;
  const speaker = new PlainSpeaker(hub, member);
  hub.admit(member);
  try {
    // Before the first line, so that others see that the operator is there.
    await hub.enter(member, {});
    for await (const line of lines) {
      if (await speaker.take(line)) continue;
      context.stop(`${options.as} quit`);
      break;
    }
  } catch (error) {
    hub.failed(errorText(error));
  } finally {
    hub.dismiss(member);
  }
}

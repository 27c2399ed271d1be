/** Messages for tests. */

import type { NewMessage } from "../../../../protocols/chat/message.ts";

let lastId = 0;

/** A message of the lobby; what differs is given. */
export function message(text: string, more: Partial<NewMessage> = {}): NewMessage {
  return {
    id: `id-${++lastId}`,
    room: "lobby",
    name: "ada",
    standing: "plain",
    kind: "say",
    text,
    timeMs: 1_800_000_000_000,
    sentAtMs: undefined,
    ...more,
  };
}

/** The texts of messages. */
export function texts(messages: readonly { readonly text: string }[]): string[] {
  return messages.map(({ text }) => text);
}

/** Whether a search finds a text. */
export const MATCHES: readonly [text: string, query: string, holds: boolean][] = [
  ["Hello, World!", "world hello", true],
  ["Hello, World!", "wor", false],
  ["Un CAFÉ, s'il vous plaît", "cafe plait", true],
  ["cafe\u0301", "café", true],
  ["ΟΔΥΣΣΕΥΣ", "οδυσσευς", true],
  ["ＡＢＣ１２３", "abc123", true],
  ["東京都に行く", "東京", true],
  ["東京都に行く", "京", true],
  ["東京都に行く", "く", true],
  ["東京都に行く", "東都", false],
  ["東京 京都", "東京京都", false],
  ["ｿｹｯﾄを開く", "ソケット", true],
  ["サーバーを起動する", "サーバー 起動", true],
  ["UDPでデータを送る", "udp データ", true],
  ["ภาษาไทย", "ไทย", true],
  ["done 🎉", "🎉", true],
  ["done 🎉", "🎂", false],
];

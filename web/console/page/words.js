// Every text of the console, in English and in Japanese. A test holds that no text lacks a language, and
// that each is used.

export const LANGUAGES = ["en", "ja"];

export const WORDS = {
  // The page
  console: ["Console", "コンソール"],
  panels: ["Panels", "画面"],
  overview: ["Overview", "全体"],
  servers: ["Servers", "サーバー"],
  sessions: ["Sessions", "セッション"],
  traffic: ["Traffic", "通信"],
  faults: ["Faults", "障害"],
  connected: ["Connected", "接続中"],
  connecting: ["Connecting", "接続しています"],
  lost: [
    "sockdock does not answer. This page goes on as soon as it does.",
    "sockdock が応答しません。応答があれば自動的に再開します。",
  ],
  needsToken: ["This console needs its token", "トークンが必要です"],
  tokenHow: [
    "Open the URL that sockdock printed when it started: it ends in #token= and the token. Or paste the token here.",
    "sockdock の起動時に表示された URL(#token= とトークンで終わるもの)を開くか、ここにトークンを貼り付けてください。",
  ],
  tokenWrong: [
    "This token is not that of the running sockdock, which may have been started again.",
    "実行中の sockdock のトークンと一致しません。再起動された可能性があります。",
  ],
  token: ["Token", "トークン"],
  open: ["Open", "開く"],
  // Of several panels
  server: ["Server", "サーバー"],
  allServers: ["All servers", "すべてのサーバー"],
  protocol: ["Protocol", "プロトコル"],
  url: ["URL", "URL"],
  // Overview and Servers
  open_sessions: ["Open sessions", "開いているセッション"],
  messagesPerSecond: ["Messages a second", "メッセージ/秒"],
  bytesPerSecond: ["Bytes a second", "バイト/秒"],
  clients: ["Clients", "クライアント"],
  upstream: ["Passes on to", "転送先"],
  overviewHelp: ["Lines are as thick as what passes through them.", "線の太さは通信量を表します。"],
  picture: [
    "Clients, servers and what passes between them",
    "クライアントとサーバー、その間の通信",
  ],
  commands: ["Commands to talk to it", "接続するコマンド"],
  details: ["Details", "詳細"],
  options: ["Options", "オプション"],
  counters: ["Counters", "カウンター"],
  certificate: ["Certificate", "証明書"],
  copy: ["Copy", "コピー"],
  copied: ["Copied", "コピーしました"],
  stop: ["Stop", "停止"],
  stopTogether: [
    "Stops every server that was started with it",
    "一緒に起動したサーバーもすべて停止します",
  ],
  startServer: ["Start a server", "サーバーを起動する"],
  start: ["Start", "起動"],
  transport: ["Transport", "トランスポート"],
  port: ["Port", "ポート"],
  portHelp: ["0 lets the system choose", "0 で自動的に選ばれます"],
  furtherOptions: ["Further options", "その他のオプション"],
  furtherOptionsHelp: [
    "One a line, such as max-connections=10",
    "1 行に 1 つ。例: max-connections=10",
  ],
  started: ["Started: {}", "起動しました: {}"],
  // Sessions
  session: ["Session", "セッション"],
  peer: ["Peer", "相手"],
  identity: ["Identity", "身元"],
  duration: ["Duration", "時間"],
  received: ["Received", "受信"],
  sent: ["Sent", "送信"],
  end: ["End", "終了"],
  noSessions: ["No session is open.", "開いているセッションはありません。"],
  ofHttp: ["HTTP", "HTTP"],
  // Traffic
  pause: ["Pause", "一時停止"],
  resume: ["Go on", "再開"],
  clear: ["Clear", "消去"],
  download: ["Download JSON lines", "JSON Lines で保存"],
  search: ["Search", "検索"],
  kinds: ["Events", "イベント"],
  allKinds: ["All", "すべて"],
  onlyMessages: ["Messages and requests", "メッセージとリクエスト"],
  onlySessions: ["Sessions", "セッション"],
  kept: ["{} kept of {} seen", "{} 件を保持({} 件中)"],
  sampled: ["{} too fast to show", "{} 件は速すぎて省略"],
  missed: ["{} missed", "{} 件を取りこぼし"],
  noEvents: ["Nothing has passed yet.", "まだ何も通信していません。"],
  time: ["Time", "時刻"],
  event: ["Event", "イベント"],
  bytesShort: ["Bytes", "バイト"],
  content: ["Content", "内容"],
  text: ["Text", "テキスト"],
  hex: ["Hexadecimal", "16 進"],
  close: ["Close", "閉じる"],
  showing: ["The newest {} are shown.", "新しい {} 件を表示しています。"],
  // Faults
  direction: ["Direction", "方向"],
  bothDirections: ["Both directions", "両方向"],
  inDirection: ["What clients send", "クライアントからの通信"],
  outDirection: ["What clients get", "クライアントへの通信"],
  loss: ["Loss", "損失"],
  duplicate: ["Duplicates", "重複"],
  reorder: ["Reordering", "順序の入れ替え"],
  corrupt: ["Damage", "破損"],
  latency: ["Latency", "遅延"],
  jitter: ["Jitter", "ゆらぎ"],
  bandwidth: ["Bandwidth", "帯域"],
  reset: ["Resets", "リセット"],
  unlimited: ["unlimited", "無制限"],
  blackout: ["Blackout of 2 s", "2 秒間の遮断"],
  seed: ["Seed", "シード"],
  seedHelp: [
    "The same seed and the same traffic lead to the same decisions.",
    "同じシードと同じ通信なら、結果も同じになります。",
  ],
  beginAnew: ["Begin anew", "最初から始める"],
  clearFaults: ["Take all faults away", "障害をすべて取り除く"],
  did: ["What they did", "起こした障害"],
  didNothing: ["Nothing yet.", "まだありません。"],
  onlyDatagrams: ["Only on datagrams", "データグラムのみ"],
  onlyStreams: ["Only on streams", "ストリームのみ"],
  noFaults: ["No faults.", "障害はありません。"],
  inForce: ["In force: {}", "適用中: {}"],
};

const asked = typeof navigator === "undefined" ? [] : navigator.languages;

/** The first language of the browser that there is here. */
export const language =
  asked.map((one) => one.split("-")[0]).find((one) => LANGUAGES.includes(one)) ??
    LANGUAGES[0];

/** A text, with values in the places of its braces. */
export function t(key, ...values) {
  let at = 0;
  return WORDS[key][LANGUAGES.indexOf(language)].replace(/\{\}/g, () => values[at++]);
}

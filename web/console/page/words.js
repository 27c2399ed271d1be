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
  // Overview
  clients: ["Clients", "クライアント"],
  layers: ["Layers", "レイヤー"],
  upstream: ["Passes on to", "転送先"],
  totals: ["Servers: {} · clients: {} · {} a second", "サーバー {} · クライアント {} · 毎秒 {}"],
  overviewHelp: [
    "An arrow is as thick as what passes. A server's box leads to its details.",
    "矢印の太さは通信量を表します。サーバーの枠から詳細を開けます。",
  ],
  picture: [
    "Clients, servers and what passes between them",
    "クライアントとサーバー、その間の通信",
  ],
  noServers: [
    "No server runs. Start one in the panel Servers.",
    "動いているサーバーはありません。「サーバー」の画面で起動できます。",
  ],
  // Servers
  open_sessions: ["Open sessions", "開いているセッション"],
  messagesPerSecond: ["Messages a second", "メッセージ/秒"],
  bytesPerSecond: ["Bytes a second", "バイト/秒"],
  commands: ["Commands to talk to it", "接続するコマンド"],
  details: ["Details", "詳細"],
  options: ["Options", "オプション"],
  counters: ["Counters", "カウンター"],
  certificate: ["Certificate", "証明書"],
  copy: ["Copy", "コピー"],
  copied: ["Copied", "コピーしました"],
  draining: ["ending", "終了処理中"],
  drain: ["Drain", "順次終了"],
  drainHelp: [
    "It takes no more clients, and ends the sessions that wait for their client. What is being answered may finish.",
    "新しいクライアントを受け付けず、待機中のセッションを終了します。応答中のものは完了を待ちます。",
  ],
  graceSeconds: ["Seconds to finish", "完了を待つ秒数"],
  drainNow: ["Drain now", "順次終了する"],
  stop: ["Stop", "停止"],
  stopHelp: [
    "It stops now, and its sessions are closed.",
    "すぐに停止し、セッションを閉じます。",
  ],
  stopNow: ["Stop now", "停止する"],
  keepRunning: ["Keep it running", "停止しない"],
  stopTogether: [
    "These were started together, and stop together:",
    "一緒に起動した次のサーバーも、一緒に停止します:",
  ],
  stopProgram: [
    "No other server that the program started runs, so the program ends with it.",
    "プログラムが起動した最後のサーバーなので、プログラムも終了します。",
  ],
  stopped: ["Stopped: {}", "停止しました: {}"],
  startServer: ["Start a server", "サーバーを起動する"],
  start: ["Start", "起動"],
  transport: ["Transport", "トランスポート"],
  port: ["Port", "ポート"],
  portHelp: ["0 lets the system choose", "0 で自動的に選ばれます"],
  path: ["Path", "パス"],
  searchOptions: ["Search among {} options", "{} 個のオプションから検索"],
  noOptionFits: ["No option fits.", "該当するオプションはありません。"],
  optionsCount: ["{}", "{} 個"],
  optionsGiven: ["{}, of which {} given", "{} 個(うち {} 個を指定)"],
  groupRequired: ["Needed", "必須"],
  groupServe: ["General", "一般"],
  groupAccess: ["Who may come", "アクセスの許可"],
  groupAddresses: ["Addresses", "アドレス"],
  groupCluster: ["Several chats as one", "チャットの連携"],
  groupLimits: ["Limits", "上限"],
  groupOutput: ["Output", "出力"],
  usual: ["{} (default)", "{}(既定)"],
  notGiven: ["not given", "指定しない"],
  oneALine: ["one a line", "1 行に 1 つ"],
  needs: ["needs {}", "{} が必要"],
  noFolders: [
    "Files need --control-folder when sockdock starts.",
    "ファイルを使うには、起動時に --control-folder が必要です。",
  ],
  insideFolders: ["Inside {}", "{} の中"],
  started: ["Started: {}", "起動しました: {}"],
  // Certificates
  certificates: ["Certificates", "証明書"],
  certificatesHelp: [
    "What servers on TLS and DTLS show to their clients, and how the clients come to trust it.",
    "TLS と DTLS のサーバーが示す証明書と、クライアントに信頼させる方法です。",
  ],
  noCertificates: [
    "No server shows a certificate. One on tls, dtls, https or wss does; start one in the panel Servers.",
    "証明書を示すサーバーはありません。「サーバー」の画面で tls、dtls、https、wss のいずれかを起動してください。",
  ],
  shownBy: ["Shown by", "使用するサーバー"],
  issuer: ["Issued by", "発行者"],
  subject: ["Subject", "主体者"],
  fingerprint: ["SHA-256", "SHA-256"],
  valid: ["Valid", "有効期間"],
  fromTo: ["{} to {}", "{} から {} まで"],
  ended: ["Ended on {}; clients refuse it", "{} に失効。クライアントに拒否されます"],
  notYetValid: ["Not valid before {}", "{} から有効"],
  endsSoon: ["Ends soon: {}", "まもなく失効: {}"],
  ends: ["Ends {}", "失効: {}"],
  downloadShown: ["Download what is shown (PEM)", "示される証明書を保存 (PEM)"],
  howToTrust: ["How to trust it", "信頼させる方法"],
  trustAuthority: [
    "An authority of your own issued it. Who trusts that authority believes every server with a certificate from it, so trust it only where you develop. Download its certificate, and give it to the program that is to connect:",
    "手元の認証局が発行しました。その認証局を信頼すると、発行されたすべての証明書を信頼します。開発用の環境でのみ使ってください。認証局の証明書を保存し、接続するプログラムに渡します:",
  ],
  trustItself: [
    "It was made for this server alone, and no authority has signed it. Download it, and give it to the program that is to connect:",
    "このサーバーのために作られ、認証局の署名はありません。保存して、接続するプログラムに渡します:",
  ],
  downloadTrusted: ["Download what to trust (PEM)", "信頼する証明書を保存 (PEM)"],
  keptIn: ["Kept in the file", "保存したファイル"],
  noAuthority: [
    "It was issued by {}, whose certificate this server does not show. Clients that know it need nothing; the others need it from there.",
    "発行者 {} の証明書は、このサーバーからは得られません。発行者を知らないクライアントには、発行者の証明書が必要です。",
  ],
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
  capture: ["Download capture", "キャプチャを保存"],
  captureHelp: [
    "What is remembered of this server and session as pcapng, for Wireshark",
    "このサーバーとセッションの記録を Wireshark 用の pcapng で保存します",
  ],
  onlySession: ["Show session {} alone", "セッション {} のみ表示"],
  search: ["Search", "検索"],
  kinds: ["Events", "イベント"],
  allKinds: ["All", "すべて"],
  onlyMessages: ["Messages and requests", "メッセージとリクエスト"],
  onlySessions: ["Sessions", "セッション"],
  kept: ["{} kept of {} seen", "{} 件を保持({} 件中)"],
  leftOut: ["{} left out, too fast to show", "{} 件は速すぎるため省略"],
  found: ["{} found", "{} 件が一致"],
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

/** sockdock as a library: real network servers and clients, made for the length of a test or a
 * program.
 *
 * ```ts
 * import { echo, send, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * const answer = await send(server.url, "hello");
 * console.log(new TextDecoder().decode(answer)); // hello
 * ```
 *
 * @module */

export { type Cookie } from "./clients/http/cookie_jar.ts";
export { type Credentials } from "./clients/http/credentials.ts";
export {
  createHttpClient,
  type FetchOptions,
  fetchUrl,
  type HttpClient,
  type HttpClientOptions,
} from "./clients/http/client.ts";
export type { FetchResponse, ResponseHead } from "./clients/http/message.ts";
export type { ProxyRules } from "./clients/http/proxy.ts";
export type { BodyStream, FetchRequest } from "./clients/http/request.ts";
export type { RetryNotice } from "./clients/http/retry.ts";
export type { FetchTiming } from "./clients/http/timing.ts";
export type { FormFile } from "./clients/http/multipart.ts";
export type { Address } from "./core/addresses/address.ts";
export type { Endpoint } from "./core/addresses/endpoint.ts";
export { type Authority, createAuthority } from "./core/certificates/authority.ts";
export type { CertificateUse } from "./core/certificates/names.ts";
export type { DialledSession } from "./core/client_kind.ts";
export type { Clock } from "./core/clock.ts";
export type { Delivery } from "./core/connection.ts";
export type { Stats } from "./core/counters.ts";
export type {
  AcceptFailedEvent,
  ClosedEvent,
  DeniedEvent,
  DialledEvent,
  Emit,
  EventBody,
  FailedEvent,
  InspectedEvent,
  ListeningEvent,
  NoticeEvent,
  OpenedEvent,
  PeerStamp,
  RefusedEvent,
  RequestEvent,
  RoomEvent,
  ServerEvent,
  SessionStamp,
  ShownEvent,
  Stamp,
  StoppedEvent,
  StoredEvent,
  Tell,
  TrafficEvent,
} from "./core/event.ts";
export type { HttpApp, HttpHandler, HttpService, RequestInfo } from "./core/http/app.ts";
export {
  issueCertificate,
  type IssuedCertificate,
  type IssueOptions,
} from "./core/certificates/issue.ts";
export type { KeyKind } from "./core/keys/key.ts";
export { type MadeKey, makeKey, type MakeKeyOptions } from "./core/keys/make.ts";
export type { FaultCounts, FaultsInForce } from "./core/live_faults.ts";
export type { Option, OptionTable, OptionValues } from "./core/options/option.ts";
export {
  type Context,
  type DatagramReply,
  type Framing,
  type Protocol,
  type Service,
  statelessProtocol,
} from "./core/protocol.ts";
export type { OpenSession, RunningServer, ServerCertificate } from "./core/running_server.ts";
export {
  bytesOf,
  type EventOrigin,
  type Identity,
  type Message,
  type Session,
  type SessionOrigin,
  textOf,
} from "./core/session.ts";
export { UndeliveredError } from "./core/undelivered_error.ts";
export { UsageError } from "./core/usage_error.ts";
export type { KeyType } from "./core/certificates/x509.ts";
export { type Catalogue, catalogue, type CatalogueEntry } from "./dock/catalogue.ts";
export { connect, type ConnectOptions } from "./dock/connect.ts";
export { type CopyEvent, type CopyOptions, type CopyResult, copyTo } from "./dock/copy.ts";
export {
  type ChatLinkEvent,
  joinChat,
  type JoinChatOptions,
  type JoinedChat,
} from "./dock/join_chat.ts";
export {
  exchange,
  type ExchangeOptions,
  type ExchangeResult,
  send,
  type SendOptions,
} from "./dock/send.ts";
export { type Control, type ControlOptions, openControl } from "./dock/control/open_control.ts";
export {
  openToxiproxy,
  type Toxiproxy,
  type ToxiproxyOptions,
} from "./dock/control/open_toxiproxy.ts";
export { relay, type RelayOptions } from "./dock/relay.ts";
export type { DrivenServer, SetFaults } from "./dock/driven_server.ts";
export { type Dock, serve, type ServeHooks, type ServeOptions } from "./dock/serve.ts";
export { startSuite, type Suite, type SuiteEntry } from "./dock/suite.ts";
export { waitFor, type WaitOptions } from "./dock/wait.ts";
export { acknowledge } from "./protocols/acknowledge.ts";
export {
  createMemoryLog,
  createNoLog,
  type MemoryLimits,
} from "./protocols/chat/history/memory_log.ts";
export { defaultHistoryFile } from "./protocols/chat/history/history_file.ts";
export { createLocalLog, openHistory } from "./protocols/chat/history/open_history.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./protocols/chat/history/sqlite_store.ts";
export type { ChatLog, LogHooks, Receipt, Scope } from "./protocols/chat/log.ts";
export type { ChatMessage, NewMessage, Standing } from "./protocols/chat/message.ts";
export type { ChatStore, Retention, StoreEntry, StoreResult } from "./protocols/chat/store.ts";
export { chargen } from "./protocols/chargen.ts";
export { chat } from "./protocols/chat.ts";
export {
  type Cluster,
  type ClusterContext,
  type ClusterStats,
  openCluster,
} from "./protocols/chat/cluster/open_cluster.ts";
export { type ClusterOptions, clusterOptions } from "./protocols/chat/options.ts";
export { daytime } from "./protocols/daytime.ts";
export {
  type ChatAck,
  type ChatClient,
  ChatError,
  type ChatEvent,
  ChatLostError,
  chatOver,
  type ChatOverOptions,
  type ChatQuestions,
  NoChatError,
  type SayOptions,
} from "./protocols/chat/client/chat_over.ts";
export type { Member, Room, Whisper } from "./protocols/chat/client/server_message.ts";
export { discard } from "./protocols/discard.ts";
export { echo } from "./protocols/echo.ts";
export { inbox } from "./protocols/inbox.ts";
export type { LocalFile } from "./protocols/inbox/local_files.ts";
export {
  type FileOutcome,
  InboxRefusedError,
  sendFiles,
  type SendFilesOptions,
} from "./protocols/inbox/send_files.ts";
export { print } from "./protocols/print.ts";
export { qotd } from "./protocols/qotd.ts";
export { relay as relayProtocol } from "./protocols/relay.ts";
export { time } from "./protocols/time.ts";
export { upper } from "./protocols/upper.ts";
export { files } from "./web/files.ts";
export { hello } from "./web/hello.ts";
export { inspect } from "./web/inspect.ts";
export { metricsApp } from "./web/metrics/app.ts";
export type { MeasuredDock } from "./web/metrics/measured.ts";

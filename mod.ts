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
 * A protocol of one's own is an object with the function `open`, and declares its options with the
 * same functions as those of the house ({@linkcode text}, {@linkcode integer}, {@linkcode flag} and
 * so on). What the chat, HTTP and certificates are made of is in the entries `./chat`, `./http` and
 * `./cert`.
 *
 * @module */

export { fetchUrl } from "./clients/http/client.ts";
export type { Address } from "./core/addresses/address.ts";
export type { Addressing, Endpoint } from "./core/addresses/endpoint.ts";
export type { DialledSession } from "./core/client_kind.ts";
export type { Clock } from "./core/clock.ts";
export type { Acceptor, Connection, Delivery } from "./core/connection.ts";
export type { Counters, Stats } from "./core/counters.ts";
export type {
  AcceptFailedEvent,
  ClosedEvent,
  DeniedEvent,
  DialledEvent,
  Emit,
  EventBody,
  FailedEvent,
  HttpContent,
  HttpPart,
  InspectedEvent,
  ListeningEvent,
  MovedEvent,
  NoticeEvent,
  OpenedEvent,
  PeerEvent,
  PeerStamp,
  PlainEvent,
  RefusedEvent,
  RequestEvent,
  RoomEvent,
  ServerEvent,
  SessionEvent,
  SessionStamp,
  ShownEvent,
  Stamp,
  StoppedEvent,
  StoredEvent,
  Tell,
  TrafficEvent,
} from "./core/event.ts";
export type { HttpApp, HttpHandler, HttpService, RequestInfo } from "./core/http/app.ts";
export type { Durations } from "./core/durations.ts";
export type { FaultCounts, FaultsInForce } from "./core/live_faults.ts";
export {
  type Bare,
  type Bounds,
  choice,
  decimal,
  duration,
  flag,
  type FlagSpec,
  type Given,
  integer,
  type ManySpec,
  type Option,
  type OptionFactory,
  type OptionSpec,
  type OptionTable,
  type OptionValues,
  size,
  type TableOf,
  text,
} from "./core/options/option.ts";
export type { Needs } from "./core/options/needs.ts";
export type { Topic } from "./core/options/topic.ts";
export {
  type Context,
  type DatagramReply,
  type Framing,
  type NoOptions,
  type Protocol,
  type Service,
  statelessProtocol,
} from "./core/protocol.ts";
export type { OpenSession, RunningServer, ServerCertificate } from "./core/running_server.ts";
export {
  bytesOf,
  type DatagramGuarantees,
  type EventOrigin,
  type Identity,
  type Message,
  type Session,
  type SessionOrigin,
  textOf,
} from "./core/session.ts";
export type { Carrier } from "./core/layer.ts";
export type { OfferMessage, ShowMessage, Traffic } from "./core/traffic.ts";
export { UndeliveredError } from "./core/undelivered_error.ts";
export { UsageError } from "./core/usage_error.ts";
export { type Catalogue, catalogue, type CatalogueEntry } from "./dock/catalogue.ts";
export { connect, type ConnectHooks, type ConnectOptions } from "./dock/connect.ts";
export { type CopyEvent, type CopyOptions, type CopyResult, copyTo } from "./dock/copy.ts";
export { joinChat } from "./dock/join_chat.ts";
export type { DialOptions, LayerOptions, ListenOptions } from "./dock/option_types.ts";
export { relay, type RelayOptions } from "./dock/relay.ts";
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
export type { DrivenServer, SetFaults } from "./dock/driven_server.ts";
export { type Dock, serve, type ServeHooks, type ServeOptions } from "./dock/serve.ts";
export { startSuite, type Suite, type SuiteEntry } from "./dock/suite.ts";
export type { UpstreamOptions } from "./dock/upstream.ts";
export { waitFor, type WaitOptions } from "./dock/wait.ts";
export { acknowledge } from "./protocols/acknowledge.ts";
export { chargen } from "./protocols/chargen.ts";
export { chat } from "./protocols/chat.ts";
export { daytime } from "./protocols/daytime.ts";
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
export type { RefusalCode } from "./protocols/inbox/wire.ts";
export type {
  InboxProtocolOptions,
  PrintProtocolOptions,
  RelayProtocolOptions,
} from "./protocols/option_types.ts";
export { print } from "./protocols/print.ts";
export { qotd } from "./protocols/qotd.ts";
export { relay as relayProtocol } from "./protocols/relay.ts";
export { time } from "./protocols/time.ts";
export { upper } from "./protocols/upper.ts";
export { files } from "./web/files.ts";
export { hello } from "./web/hello.ts";
export { inspect } from "./web/inspect.ts";
export { metricsApp } from "./web/metrics/app.ts";
export type { MeasuredDock, MeasuredServer } from "./web/metrics/measured.ts";

// One end of a DTLS association: records in and out, epochs, alerts, flights. This is what both ends
// have in common; their halves of the handshake are in client_peer.ts and server_peer.ts. It opens no
// socket and starts no task: datagrams are given to it, and it gives datagrams out.
//
// Long, because what an association may do next depends on all that it has done.

import { randomBytes, timingSafeEqual, X509Certificate } from "node:crypto";
import { concat } from "@std/bytes/concat";
import type { Identity } from "../../core/session.ts";
import { uint } from "./wire/presentation.ts";
import { alertCodes, alertLevels, type AlertName, alertName, DtlsError } from "./wire/alert.ts";
import type { Clock } from "../../core/clock.ts";
import { datagramsOf, type Flight, type FlightPart } from "./handshake/flight.ts";
import {
  encodeMessage,
  type HandshakeMessage,
  type HandshakeName,
  handshakeName,
  handshakeTypes,
  readFragments,
} from "./handshake/message.ts";
import { RANDOM_BYTES } from "./handshake/hello.ts";
import { masterSecret, recordKeys, verifyData } from "./crypto/key_schedule.ts";
import { contentTypes, type DtlsRecord, MAX_PLAINTEXT_BYTES, readRecord } from "./record/format.ts";
import { type ConnectionIds, type DropReason, RecordLayer } from "./record/record_layer.ts";
import { Reassembly, type ReceivedMessage } from "./handshake/reassembly.ts";
import { Retransmission } from "./handshake/retransmission.ts";
import {
  isSignedBy,
  keyKindOf,
  type SignatureScheme,
  signatureSchemes,
} from "./crypto/signatures.ts";
import type { CipherSuite } from "./crypto/suites.ts";

/** The events of an association, for its socket. None of these may throw. */
export interface PeerHooks {
  transmit(datagram: Uint8Array): void;
  connected(): void;
  /** The newest of all records so far came in a datagram that was said to be from elsewhere. Called
   * before what it holds is taken. */
  heardFromElsewhere?(): void;
  /** The peer sent the cookie of a question back (RFC 9853 4). */
  pathAnswered?(cookie: Uint8Array): void;
  /** A message arrived; the bytes are the receiver's. */
  received(bytes: Uint8Array): void;
  /** The association is over; called once. Without an error, one of the ends closed it. */
  ended(error: DtlsError | undefined): void;
  dropped?(reason: DropReason): void;
}

export interface PeerOptions {
  readonly clock: Clock;
  /** The largest datagram of a handshake, in bytes. */
  readonly mtuBytes: number;
  /** The largest datagram of several messages, in bytes; 0 for none. @default 0 */
  readonly packBytes?: number;
  readonly suites: readonly CipherSuite[];
}

/** The kinds of message of a return routability check (RFC 9853 4). */
const PATH_CHALLENGE = 0;
const PATH_RESPONSE = 1;
const PATH_COOKIE_BYTES = 8;

/** How many records that cannot be opened end a handshake. */
const UNOPENED_TOO_OFTEN = 2;

export abstract class DtlsPeer {
  /** The identity that the peer has proved; set when the handshake is done. */
  identity: Identity | undefined;
  suite: CipherSuite | undefined;
  /** Whether the peer answers when it is asked at a new address (RFC 9853). */
  answersQuestions = false;
  /** Whether the master secret is the extended one (RFC 7627). */
  extendedMasterSecret = false;

  protected readonly options: PeerOptions;
  protected readonly random: Uint8Array = randomBytes(RANDOM_BYTES);
  protected peerRandom: Uint8Array = new Uint8Array(0);
  protected peerChain: readonly X509Certificate[] = [];
  /** The messages that may come next. */
  protected expected: readonly HandshakeName[] = [];
  protected readonly reassembly = new Reassembly();
  /** The reason for keys that differ, for the events of this end alone. */
  protected whyKeysDiffer = "the peer's keys are not ours; a pre-shared key may differ";

  readonly #role: "client" | "server";
  readonly #hooks: PeerHooks;
  readonly #retransmission: Retransmission;
  #state: "handshake" | "connected" | "ended" = "handshake";
  #transcript: Uint8Array[] = [];
  #flight: Flight = [];
  #messageSequence = 0;
  readonly #records = new RecordLayer();
  #master: Uint8Array | undefined;
  #sealedWrites = false;
  /** Whether our flight was the last of the handshake. */
  #spokeLast = false;
  /** The connection ids that were agreed on (RFC 9146 3). */
  #ids: ConnectionIds | undefined;
  #fromElsewhere = false;
  #unopened = 0;

  constructor(role: "client" | "server", options: PeerOptions, hooks: PeerHooks) {
    this.#role = role;
    this.options = options;
    this.#hooks = hooks;
    this.#retransmission = new Retransmission(options.clock, () => this.#transmitFlight());
  }

  /** Whether the handshake is done and the association not over. */
  get isConnected(): boolean {
    return this.#state === "connected";
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Takes one datagram. Never throws: what is wrong is dropped or ends the association.
   * @param fromElsewhere whether it came from another address than others did */
  receive(datagram: Uint8Array, fromElsewhere = false): void {
    this.#fromElsewhere = fromElsewhere;
    const idBytes = this.#ids === undefined ? 0 : this.#ids.ours.length;
    let offset = 0;
    while (offset < datagram.length && this.#state !== "ended") {
      const record = readRecord(datagram, offset, idBytes);
      if (record === null) {
        this.#drop("malformed");
        return;
      }
      offset = record.end;
      this.#takeRecord(record);
    }
  }

  /** Seals a message into one record, for the caller to send; null when there is no association.
   * @throws {RangeError} when it is longer than a record may be */
  seal(message: Uint8Array): Uint8Array | null {
    if (this.#state !== "connected") return null;
    if (message.length > MAX_PLAINTEXT_BYTES) {
      throw new RangeError(
        `Cannot send ${message.length} bytes: a DTLS record holds at most ${MAX_PLAINTEXT_BYTES}`,
      );
    }
    return this.sealRecord(contentTypes.applicationData, message);
  }

  /** A record of any type under the keys of the association. */
  protected sealRecord(type: number, plain: Uint8Array): Uint8Array {
    return this.#records.write(1, type, plain);
  }

  /** The record that asks the peer to send a cookie back (RFC 9853 4); null when there is no
   * association. */
  sealQuestion(cookie: Uint8Array): Uint8Array | null {
    if (this.#state !== "connected") return null;
    return this.sealRecord(
      contentTypes.returnRoutabilityCheck,
      concat([uint(PATH_CHALLENGE, 1), cookie]),
    );
  }

  /** Says goodbye (RFC 5246 7.2.1) and ends it. */
  close(): void {
    if (this.#state === "ended") return;
    if (this.#state === "connected") this.#sendAlert("warning", "close_notify");
    this.#end(undefined);
  }

  /** Ends it for a reason of our own, which the peer is told. */
  fail(error: DtlsError): void {
    if (this.#state === "ended") return;
    this.#sendAlert("fatal", error.alert as AlertName);
    this.#end(error);
  }

  /** One whole handshake message that was expected; throws what is wrong with it. */
  protected abstract take(name: HandshakeName, message: HandshakeMessage): void;

  /** A server goes on after the stateless cookie exchange (RFC 6347 4.2.1 and 4.2.2). */
  protected resumeAt(recordSequence: number, messageSequence: number): void {
    this.#records.resumeAt(recordSequence);
    this.#messageSequence = messageSequence;
    this.reassembly.next = messageSequence;
  }

  /** Numbers a message of ours and puts it into the transcript. */
  protected message(name: HandshakeName, body: Uint8Array): HandshakeMessage {
    const message = { type: handshakeTypes[name], sequence: this.#messageSequence++, body };
    this.#transcript.push(encodeMessage(message));
    return message;
  }

  /** Sends messages in the epoch that is current for each, again and again until answered. */
  protected sendFlight(parts: readonly FlightPart[], { last = false } = {}): void {
    this.#flight = parts.map((part) => {
      const epoch = this.#sealedWrites ? 1 : 0;
      if (part === "change_cipher_spec") this.#sealedWrites = true;
      return { epoch, part };
    });
    this.#spokeLast = last;
    this.#retransmission.start({ last });
  }

  /** All handshake messages so far (RFC 5246 7.4.9). */
  protected transcript(): Uint8Array {
    return concat(this.#transcript);
  }

  /** The first hello and its answer are no part of the transcript (RFC 6347 4.2.1). */
  protected forgetTranscript(): void {
    this.#transcript = [];
  }

  get #randoms() {
    return this.#role === "client"
      ? { client: this.random, server: this.peerRandom }
      : { client: this.peerRandom, server: this.random };
  }

  /** Derives the keys; the transcript must reach to ClientKeyExchange (RFC 7627 4). */
  protected useKeys(premaster: Uint8Array): void {
    const extendedOver = this.extendedMasterSecret ? this.transcript() : null;
    this.useMaster(masterSecret(this.suite!, premaster, this.#randoms, extendedOver));
  }

  /** The master secret, from when it is there to the end of the handshake. */
  protected get master(): Uint8Array {
    return this.#master!;
  }

  /** Derives the keys from a master secret, which may be that of a session before. */
  protected useMaster(master: Uint8Array): void {
    const suite = this.suite!;
    this.#master = master;
    const keys = recordKeys(suite, master, this.#randoms);
    const [own, other] = this.#role === "client"
      ? [keys.client, keys.server]
      : [keys.server, keys.client];
    this.#records.useKeys(suite.cipher, own, other, this.#ids);
  }

  /** The connection ids of both directions, from the first record under the keys on. */
  protected useConnectionIds(ids: ConnectionIds): void {
    this.#ids = ids;
  }

  protected finished(): HandshakeMessage {
    const data = verifyData(this.suite!, this.#master!, this.#role, this.transcript());
    return this.message("finished", data);
  }

  /** Refuses a wrong Finished (RFC 5246 7.4.9), which the transcript must not hold yet. */
  protected checkFinished({ body }: HandshakeMessage, transcript: Uint8Array): void {
    const sender = this.#role === "client" ? "server" : "client";
    const wanted = verifyData(this.suite!, this.#master!, sender, transcript);
    if (body.length === wanted.length && timingSafeEqual(body, wanted)) return;
    throw new DtlsError("decrypt_error", "the peer's Finished is not of this handshake");
  }

  /** Refuses a signature that the peer's certificate did not make (RFC 5246 7.4.3, 7.4.8). */
  protected checkSignature(id: number, signature: Uint8Array, signed: Uint8Array): SignatureScheme {
    const key = this.peerChain[0]?.publicKey;
    const scheme = signatureSchemes.find((one) => one.id === id);
    if (key === undefined || scheme === undefined || scheme.kind !== keyKindOf(key)) {
      throw new DtlsError(
        "illegal_parameter",
        "the peer signs in a way that was not offered or is not its key's",
      );
    }
    if (!isSignedBy(scheme, key, signed, signature)) {
      throw new DtlsError(
        "decrypt_error",
        "the peer does not hold the key of the certificate that it shows",
      );
    }
    return scheme;
  }

  /** @throws {DtlsError} when a certificate of the chain is damaged */
  protected parseChain(chain: readonly Uint8Array[]): X509Certificate[] {
    try {
      return chain.map((der) => new X509Certificate(der));
    } catch {
      throw new DtlsError("bad_certificate", "a certificate of the peer is damaged");
    }
  }

  protected connect(identity: Identity | undefined): void {
    if (this.#state !== "handshake") return;
    this.identity = identity;
    this.#state = "connected";
    this.#transcript = [];
    this.#master = undefined;
    this.reassembly.clear();
    // Whoever spoke last cannot know that it was heard, and has to be able to say it again.
    if (!this.#spokeLast) {
      this.#retransmission.stop();
      this.#flight = [];
    }
    this.#hooks.connected();
    this.#takeEarly();
  }

  #takeRecord(record: DtlsRecord): void {
    const plain = this.#records.read(record, this.#state === "handshake");
    if (plain === null) return;
    // Only now, since with a connection id the type was sealed.
    const { epoch, type } = record;
    if (plain === "bad_record_mac") return this.#takeForged(type);
    if (typeof plain === "string") return this.#drop(plain);
    if (plain.length > MAX_PLAINTEXT_BYTES) {
      return epoch === 0
        ? this.#drop("malformed")
        : this.fail(new DtlsError("record_overflow", "the peer sent a record that is too long"));
    }
    if (this.#fromElsewhere && epoch === 1 && this.#records.isNewest(record)) {
      if (this.#state === "connected") this.#hooks.heardFromElsewhere?.();
    }
    try {
      this.#takeContent(type, epoch, plain);
    } catch (error) {
      this.fail(
        error instanceof DtlsError
          ? error
          : new DtlsError("internal_error", error instanceof Error ? error.message : `${error}`),
      );
    }
  }

  /** A record that the keys do not open. During a handshake the reason may be that the keys differ,
   * as when a pre-shared key does. A single such record could be an accident or a forgery; two end
   * the handshake, which a forger could do with an alert anyway, since nothing is sealed yet. */
  #takeForged(type: number): void {
    this.#drop("bad_record_mac");
    // Late records of an earlier association hold data, and are no part of a handshake.
    if (this.#state !== "handshake" || type !== contentTypes.handshake) return;
    if (++this.#unopened < UNOPENED_TOO_OFTEN) return;
    this.fail(new DtlsError("bad_record_mac", this.whyKeysDiffer));
  }

  #takeContent(type: number, epoch: number, plain: Uint8Array): void {
    switch (type) {
      case contentTypes.handshake:
        return this.#takeHandshake(plain, epoch);
      case contentTypes.changeCipherSpec:
        if (epoch !== 0 || plain.length !== 1 || plain[0] !== 1) return this.#drop("unexpected");
        this.#records.changeCipher();
        return this.#takeEarly();
      case contentTypes.alert:
        return this.#takeAlert(plain);
      case contentTypes.applicationData:
        // Before Finished the sender is not authenticated (RFC 5246 7.4.9).
        if (this.#state !== "connected") return this.#drop("unexpected");
        // The peer has our last flight, or it could not have sent this.
        this.#flight = [];
        return this.#hooks.received(plain);
      case contentTypes.returnRoutabilityCheck:
        if (this.#state !== "connected") return this.#drop("unexpected");
        return this.#takeQuestion(plain);
      default:
        // RFC 5246 6: a record of unknown type is refused, unless it may be forged.
        if (epoch === 0) return this.#drop("unexpected");
        throw new DtlsError("unexpected_message", `the peer sent a record of type ${type}`);
    }
  }

  #takeAlert(plain: Uint8Array): void {
    const [level, code] = plain;
    if (plain.length !== 2 || code === undefined) return this.#drop("malformed");
    if (code === alertCodes.close_notify) {
      // RFC 5246 7.2.1: answered at once.
      if (this.#state === "connected") this.#sendAlert("warning", "close_notify");
      return this.#end(
        this.#state === "connected"
          ? undefined
          : new DtlsError("user_canceled", "the peer closed during the handshake"),
      );
    }
    if (level === alertLevels.fatal) this.#end(DtlsError.fromPeer(code));
    else if (this.#state === "handshake" && alertName(code) === "no_renegotiation") {
      this.#end(DtlsError.fromPeer(code));
    }
  }

  /** RFC 9853 4: a question is answered where it was asked; kinds that are not known are ignored. */
  #takeQuestion(plain: Uint8Array): void {
    const cookie = plain.subarray(1);
    if (!this.answersQuestions || cookie.length !== PATH_COOKIE_BYTES) {
      return this.#drop("unexpected");
    }
    if (plain[0] === PATH_RESPONSE) this.#hooks.pathAnswered?.(cookie);
    if (plain[0] !== PATH_CHALLENGE) return;
    const answer = concat([uint(PATH_RESPONSE, 1), cookie]);
    this.#hooks.transmit(this.sealRecord(contentTypes.returnRoutabilityCheck, answer));
  }

  #takeHandshake(plain: Uint8Array, epoch: number): void {
    const fragments = readFragments(plain);
    if (fragments === null) return this.#drop("malformed");
    let repeated = false;
    for (const fragment of fragments) {
      if (this.#state === "connected") {
        if (isNewHandshake(fragment.type)) {
          // RFC 5246 7.4.1.1: refused, and the association goes on.
          this.#sendAlert("warning", "no_renegotiation");
          return;
        }
        // The client has not heard our last flight (RFC 6347 4.2.4).
        if (fragment.type === handshakeTypes.finished) repeated = true;
        else this.#drop("unexpected");
        continue;
      }
      const fate = this.reassembly.take(fragment, epoch);
      if (fate === "past") repeated ||= endsFlight(fragment.type);
      if (fate === "dropped") this.#drop("unexpected");
      for (;;) {
        const message = this.reassembly.shift();
        if (message === undefined) break;
        this.#takeMessage(message);
        if (this.#state !== "handshake") break;
      }
    }
    if (repeated && this.#flight.length > 0) this.#retransmission.repeat();
  }

  #takeMessage(message: ReceivedMessage): void {
    // RFC 5246 7.4.1.1: ignored during a handshake.
    if (message.type === handshakeTypes.hello_request) return;
    const name = this.expected.find((one) => handshakeTypes[one] === message.type);
    if (name === undefined) {
      throw new DtlsError(
        "unexpected_message",
        `the peer sent ${handshakeName(message.type)} instead of ${this.expected.join(" or ")}`,
      );
    }
    // Finished is the first message under the new keys, and the only one (RFC 5246 7.4.9).
    if ((name === "finished") !== (message.epoch === 1)) {
      throw new DtlsError("unexpected_message", `the peer sent ${name} under the wrong keys`);
    }
    const before = name === "finished" ? this.transcript() : undefined;
    if (name !== "hello_verify_request") this.#transcript.push(encodeMessage(message));
    if (before !== undefined) this.checkFinished(message, before);
    this.take(name, message);
  }

  #takeEarly(): void {
    for (const record of this.#records.takeEarly()) this.receive(record);
  }

  /** Takes the records that came before the keys to open them. */
  protected keysAreThere(): void {
    this.#takeEarly();
  }

  #transmitFlight(): void {
    const write = this.#records.write.bind(this.#records);
    for (const datagram of datagramsOf(this.#flight, this.options.mtuBytes, write)) {
      this.#hooks.transmit(datagram);
    }
  }

  #sendAlert(level: keyof typeof alertLevels, name: AlertName): void {
    const epoch = this.#sealedWrites ? 1 : 0;
    if (this.#records.isUsedUp(epoch)) return;
    const body = Uint8Array.of(alertLevels[level], alertCodes[name]);
    this.#hooks.transmit(this.#records.write(epoch, contentTypes.alert, body));
  }

  #end(error: DtlsError | undefined): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#retransmission.stop();
    this.#flight = [];
    this.#transcript = [];
    this.#records.forgetEarly();
    this.reassembly.clear();
    this.#hooks.ended(error);
  }

  #drop(reason: DropReason): void {
    this.#hooks.dropped?.(reason);
  }
}

/** Whether a message asks for a handshake inside of an association. */
function isNewHandshake(type: number): boolean {
  return type === handshakeTypes.client_hello || type === handshakeTypes.hello_request;
}

/** Whether a message is the last of a flight: its repetition asks for the answer again. */
function endsFlight(type: number): boolean {
  return type === handshakeTypes.client_hello || type === handshakeTypes.server_hello_done ||
    type === handshakeTypes.finished;
}

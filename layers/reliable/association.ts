// One side of an association of reliable datagrams after its handshake: datagrams, time and messages
// go in; datagrams, messages and their delivery come out. It opens no socket and reads no clock but
// the one that it is given. docs/reliable.md describes the protocol.
//
// Long, because sending, acknowledging and ending share one state.

import type { Clock } from "../../core/clock.ts";
import type { Address } from "../../core/addresses/address.ts";
import type { Delivery } from "../../core/connection.ts";
import { UndeliveredError } from "../../core/undelivered_error.ts";
import { Acknowledging } from "./recovery/acknowledging.ts";
import type { AssociationEvents, AssociationOptions, PathOptions } from "./association_options.ts";
import type { CongestionControl } from "./congestion/congestion_control.ts";
import { congestionControlOf } from "./congestion/controls.ts";
import { DeadlineTimer } from "./deadline_timer.ts";
import { DeliveryWaiters } from "./delivery_waiters.ts";
import type { Terms } from "./wire/handshake.ts";
import { kernelBytes, usableBytes } from "./congestion/kernel_buffer.ts";
import { Outage } from "./recovery/outage.ts";
import { Pacing } from "./congestion/pacing.ts";
import {
  closeCodes,
  HEADER_BYTES,
  MAX_ACK_BYTES,
  type PacketReader,
  PacketWriter,
  STREAM_HEADER_BYTES,
} from "./wire/packet.ts";
import { ReceiveBuffer } from "./stream/receive_buffer.ts";
import { RoundTrip } from "./recovery/round_trip.ts";
import { SendBuffer, type StreamPart } from "./stream/send_buffer.ts";
import { SendQueue } from "./stream/send_queue.ts";
import { type SentPacket, SentPackets } from "./recovery/sent_packets.ts";
import { DatagramSize } from "./path/datagram_size.ts";
import { Relocation } from "./path/relocation.ts";
import { SkippedNumbers } from "./recovery/skipped_numbers.ts";
import { type ConnectionId, isFor } from "./wire/prefix.ts";

/** RFC 6298 5.7 wants at least 60 s, if anything; as we give up before that, a longer pause would
 * only make us notice later that the path is back. */
const MAX_TIMEOUT_MS = 4000;

const PROBE_DATAGRAMS = 2;

/** How often to ask a peer whose window is used up whether it still is. A peer repeats its grant
 * until it arrives, so this is for one that forgot it. */
const BLOCKED_PROBE_MS = 5000;

/** How long a peer that was sending may be silent before we ask whether it still reaches us: our address
 * may have changed without our knowing, and it sends to the one before. */
const SILENCE_MS = 1000;

/** How many packets may be on their way: half of the largest age that a header can hold. */
const MAX_PACKETS = 32_768;

/** After how many later packets one without an acknowledgement counts as lost: beyond the largest age
 * that a header can hold, the peer would take it for one that no longer matters. */
const OLDEST_PACKET = 65_000;

/** The most that a datagram without data may have. */
const CONTROL_BYTES = HEADER_BYTES + MAX_ACK_BYTES + 16;

/** How long to keep an association whose peer has not sent anything in it. */
const UNCONFIRMED_MS = 10_000;

/** How long an association that both sides have ended still answers, as its last acknowledgement
 * may be lost; and the same in retransmission timeouts, when those are longer. */
const LINGER_MS = 10_000;
const LINGER_TIMEOUTS = 3;

export class Association {
  readonly id: ConnectionId;
  readonly #options: AssociationOptions;
  readonly #events: AssociationEvents;
  readonly #peerTerms: Terms;
  readonly #clock: Clock;
  readonly #writer: PacketWriter;
  readonly #sendBuffer: SendBuffer;
  readonly #receiveBuffer: ReceiveBuffer;
  // What is known of the path, which is another after a move.
  #path!: PathOptions;
  #size!: DatagramSize;
  #congestion!: CongestionControl;
  #pacing!: Pacing;
  #roundTrip!: RoundTrip;
  #outage!: Outage;
  /** The number of the first packet on it. */
  #pathFrom!: number;
  readonly #relocation: Relocation | undefined;
  #newestReceived = -1;
  /** How often the peer has moved, and how often it says that we have. */
  #moves = 0;
  #ownMoves = 0;
  #moveUntold = false;
  /** The number of the packet that tells of the last move. */
  #moveToldIn = -1;
  readonly #acknowledging = new Acknowledging();
  readonly #sentPackets: SentPackets;
  readonly #sendQueue: SendQueue;
  readonly #waiters = new DeliveryWaiters();
  readonly #skipped: SkippedNumbers;
  readonly #timer: DeadlineTimer;
  #peerWindow: number;
  #sentMessages = 0;
  #retransmitted = 0;
  // Ending.
  #wantsEnd = false;
  #finishSent = false;
  #finishLost = false;
  #finishAcknowledged = false;
  #peerHasFinished = false;
  #forgotten = false;
  #end: { readonly error: UndeliveredError; readonly why: string } | undefined;
  #released = false;
  #pingWithAck = false;
  // Timers.
  #timeouts = 0;
  #probesLeft = 0;
  #pingWanted = false;
  /** When a packet was last acknowledged, or the first one became outstanding. */
  #progressAtMs: number;
  #lastElicitingAtMs = 0;
  #heardAtMs: number;
  #isConfirmed = false;
  #paceAtMs = Infinity;
  #blockedProbeAtMs = Infinity;
  #silenceAtMs = Infinity;
  #lingerUntilMs = Infinity;
  // While an acknowledgement is taken in.
  #ackTimeMs = 0;
  #flushQueued = false;
  /** When a message last passed either way. */
  #activeAtMs: number;

  /** @param id ours, by which the peer addresses us
   * @param peerId the peer's */
  constructor(
    id: ConnectionId,
    peerId: ConnectionId,
    peerTerms: Terms,
    options: AssociationOptions,
    events: AssociationEvents,
  ) {
    this.id = id;
    this.#options = options;
    this.#events = events;
    this.#peerTerms = peerTerms;
    this.#clock = options.clock;
    this.#writer = new PacketWriter(peerId);
    this.#sendBuffer = new SendBuffer(options.sendBufferBytes, options.rooms.unacknowledged);
    this.#sendQueue = new SendQueue(this.#sendBuffer);
    this.#skipped = new SkippedNumbers(options.random);
    this.#timer = new DeadlineTimer(options.clock, () => this.#tick());
    this.#peerWindow = peerTerms.windowBytes;
    this.#receiveBuffer = new ReceiveBuffer({
      windowBytes: options.terms.windowBytes,
      maxMessageBytes: options.terms.maxMessageBytes,
      maxUnreadMessages: options.maxUnreadMessages,
      room: options.rooms.unread,
      deliver: (message) => this.#events.delivered(message),
    });
    this.#sentPackets = new SentPackets({
      acknowledged: (packet) => this.#packetAcknowledged(packet),
      lost: (packet) => this.#packetLost(packet),
      mistaken: (packet) => this.#packetMistaken(packet),
    });
    const now = this.#clock.elapsedMs();
    this.#beginPath(options);
    this.#relocation = this.#relocationOf(events, now);
    this.#progressAtMs = this.#heardAtMs = this.#activeAtMs = now;
    this.#schedule();
  }

  /** How far the delivery of our messages has come. */
  get delivery(): Delivery {
    return {
      sent: this.#sentMessages,
      acknowledged: this.#sendBuffer.acknowledgedMessages,
      acknowledgedBytes: this.#sendBuffer.acknowledgedBytes,
      retransmitted: this.#retransmitted,
      roundTripMs: this.#roundTrip.smoothedMs,
    };
  }

  /** Whether it is over: it delivers nothing more, but may still answer for a while. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Whether it is over and no longer answers. */
  get isReleased(): boolean {
    return this.#released;
  }

  /** Whether our half has ended and the peer has all of it. */
  get #hasDeliveredAll(): boolean {
    return this.#finishAcknowledged && this.#sendBuffer.acknowledged === this.#sendBuffer.written;
  }

  /** Whether messages were sent that the peer does not have. */
  get hasUndelivered(): boolean {
    return this.#sendBuffer.acknowledgedMessages < this.#sentMessages;
  }

  /** Sends a message. Resolves once the buffer has room for it; its bytes must not change before.
   * @throws {RangeError} when the peer takes none of this length */
  send(bytes: Uint8Array): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    if (this.#wantsEnd) return Promise.reject(new Error("Cannot send: our half has ended"));
    const { maxMessageBytes } = this.#peerTerms;
    if (bytes.length > maxMessageBytes) {
      return Promise.reject(
        new RangeError(
          `Cannot send ${bytes.length} bytes: the peer takes messages of ${maxMessageBytes} at most`,
        ),
      );
    }
    if (this.#sendQueue.isFull) {
      return Promise.reject(
        new Error("Cannot send: too many messages wait already for the peer to take them"),
      );
    }
    this.#sentMessages++;
    this.#activeAtMs = this.#clock.elapsedMs();
    const taken = this.#sendQueue.add(bytes);
    this.#queueFlush();
    return taken;
  }

  /** Ends our half after the messages that were sent. Resolves once the peer has them all; rejects
   * with an UndeliveredError if it never will. */
  end(): Promise<void> {
    this.#wantsEnd = true;
    if (this.#hasDeliveredAll) return Promise.resolve();
    if (this.#end !== undefined) {
      return this.hasUndelivered ? Promise.reject(this.#end.error) : Promise.resolve();
    }
    this.#queueFlush();
    return this.#waiters.end();
  }

  /** Resolves once the peer has every message that was sent so far. */
  delivered(): Promise<void> {
    if (!this.hasUndelivered) return Promise.resolve();
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    return this.#waiters.messages(this.#sentMessages);
  }

  /** Asks for a sign of life: the first one tells the listening side that its ACCEPT arrived. */
  ping(): void {
    this.#pingWanted = true;
    this.#queueFlush();
  }

  /** The application has read a message. */
  consumed(bytes: number): void {
    if (this.#released) return;
    this.#receiveBuffer.consumed(bytes);
    this.#checkTooLarge();
    this.#checkPeerFinished();
    this.#considerGrant();
  }

  /** Ends it in the background: messages that were sent are still delivered, arriving ones are not,
   * and it is over by itself within this time. */
  forget(withinMs: number): void {
    if (this.#forgotten || this.#end !== undefined) return;
    this.#forgotten = true;
    this.end().catch(() => {});
    if (this.#end === undefined) {
      this.#lingerUntilMs = this.#clock.elapsedMs() + withinMs;
      this.#schedule();
    }
  }

  /** Ends it now and tells the peer. */
  dispose(why = "closed"): void {
    if (this.#released) return;
    if (this.#end === undefined) {
      const isDone = this.#hasDeliveredAll && this.#peerHasFinished;
      this.#transmitClose(isDone ? closeCodes.done : closeCodes.gone);
      this.#finish(why, true);
    } else if (this.#hasDeliveredAll && this.#peerHasFinished) {
      this.#transmitClose(closeCodes.done);
    }
    this.#release();
  }

  /** The peer has answered that it has no association with the id that we address. */
  reset(): void {
    if (this.#end !== undefined) return this.#release();
    // The peer has everything that we sent, and has forgotten us already.
    if (this.#peerHasFinished && !this.hasUndelivered) this.#finishAcknowledged = true;
    this.#finish(
      "the peer knows nothing of this session any more; it may have started anew",
      this.#hasDeliveredAll,
    );
    this.#release();
  }

  /** The system has refused to send a datagram of this length, as it is too large. */
  refused(bytes: number): void {
    if (this.#size.refused(bytes, this.#clock.elapsedMs())) this.#resize();
  }

  /** Ends it because the layer below has lost the peer. */
  lose(why: string): void {
    if (this.#end === undefined) this.#finish(why, false);
    this.#release();
  }

  /** A data datagram whose prefix is good has arrived.
   * @param packet reads it, and may be shared
   * @param elsewhere where it came from, when that is not where the peer is known to be */
  receive(bytes: Uint8Array, packet: PacketReader, elsewhere?: Address): void {
    const { counters } = this.#options;
    if (this.#released) return;
    const now = this.#clock.elapsedMs();
    if (!isFor(bytes, this.id) || !packet.read(bytes) || !this.#isPlausible(packet)) {
      counters.malformed++;
      return;
    }
    if (!this.#acknowledging.takes(packet)) {
      counters.replayed++;
      // Our acknowledgement of it was lost.
      if (packet.eliciting && elsewhere === undefined) this.#acknowledging.hurry();
      this.#flush(now);
      return;
    }
    this.#heardAtMs = now;
    this.#isConfirmed = true;
    this.#watchPath(packet, bytes.length, now, elsewhere);
    if (packet.hasAck) this.#takeAck(packet, now);
    if (this.#released) return;
    if (packet.closeCode !== null) {
      this.#closedByPeer(packet.closeCode);
      return;
    }
    if (packet.hasStream && !this.#takeStream(packet)) {
      this.#flush(now);
      return;
    }
    if (this.#released) return;
    this.#acknowledging.add(packet, now);
    this.#checkPeerFinished();
    this.#flush(now);
  }

  // The path.

  #relocationOf({ moves, transmit }: AssociationEvents, nowMs: number): Relocation | undefined {
    if (moves === undefined) return undefined;
    const { counters } = this.#options;
    return new Relocation({
      perMinute: moves.perMinute,
      admits: (to) => moves.admits(to),
      moved: (to) => this.#peerMoved(moves.moved(to)),
      refused: () => void counters.movesRefused++,
      challenge: (token, to) =>
        this.#transmitOnce((writer) => writer.challenge(token), (bytes, length) => {
          transmit(bytes, length, to);
        }),
    }, nowMs);
  }

  /** What a packet tells of where the peer is, and of where it sees us. */
  #watchPath(packet: PacketReader, bytes: number, now: number, elsewhere?: Address): void {
    const isNewest = packet.number > this.#newestReceived;
    if (isNewest) this.#newestReceived = packet.number;
    const { challenge, response } = packet;
    if (challenge !== null && elsewhere === undefined) {
      this.#transmitOnce((writer) => writer.response(challenge));
    }
    if (packet.moved > this.#ownMoves) {
      this.#ownMoves = packet.moved;
      this.#beginPath(this.#path);
    }
    const relocation = this.#relocation;
    if (relocation === undefined) return;
    if (response !== null) relocation.answered(response, elsewhere);
    const { timeoutMs } = this.#roundTrip;
    if (elsewhere !== undefined) relocation.seen(elsewhere, bytes, isNewest, now, timeoutMs);
    else if (isNewest) relocation.stayed();
  }

  /** The peer is at another address, and no longer where it was: nothing that is on its way arrives. */
  #peerMoved(path: PathOptions): void {
    const now = this.#clock.elapsedMs();
    this.#moves++;
    this.#moveUntold = true;
    this.#beginPath(path);
    this.#progressAtMs = this.#heardAtMs = now;
    this.#ackTimeMs = now;
    this.#sentPackets.loseBelow(this.#sentPackets.next);
    this.#queueFlush();
  }

  /** What was known of a path before is void (RFC 9000 9.4). */
  #beginPath(path: PathOptions): void {
    const { control, random } = this.#options;
    this.#path = path;
    this.#pathFrom = this.#sentPackets.next;
    this.#size = new DatagramSize(path.datagramBytes, path.largestDatagramBytes);
    this.#congestion = congestionControlOf(control, path.datagramBytes, random);
    this.#pacing = new Pacing(path.datagramBytes, path.kernelBuffer !== undefined);
    this.#roundTrip = new RoundTrip();
    this.#outage = new Outage();
    this.#timeouts = this.#probesLeft = 0;
  }

  // Incoming packets.

  /** Whether nothing in a packet is impossible. */
  #isPlausible(packet: PacketReader): boolean {
    if (!packet.hasAck) return true;
    const { next } = this.#sentPackets;
    const largest = packet.ranges.length > 0 ? packet.ranges.at(-1)! : packet.cumulative;
    if (largest > next) return false;
    return packet.window <= this.#sendBuffer.acknowledged + MAX_WINDOW_BYTES;
  }

  /** Takes the packet's part of the stream; false when the packet is not to be acknowledged. */
  #takeStream(packet: PacketReader): boolean {
    const { counters } = this.#options;
    const buffer = this.#receiveBuffer;
    // The application no longer reads: new data is not acknowledged, so that the peer does not take
    // it for delivered.
    if (this.#forgotten && !buffer.hasDelivered(packet.offset + packet.data.length)) {
      counters.stale++;
      if (this.#hasDeliveredAll) this.dispose();
      return false;
    }
    const taken = buffer.take(packet.offset, packet.data, packet.finish);
    if (taken !== "taken") {
      if (taken === "full") counters.inboxDropped++;
      else counters.malformed++;
      return false;
    }
    this.#activeAtMs = this.#heardAtMs;
    // Only the side that dialled may have moved.
    if (this.#options.keepAliveMs < Infinity) this.#silenceAtMs = this.#heardAtMs + SILENCE_MS;
    this.#checkTooLarge();
    return true;
  }

  #checkTooLarge(): void {
    const { tooLarge } = this.#receiveBuffer;
    if (tooLarge === undefined || this.#end !== undefined) return;
    const { counters, terms } = this.#options;
    counters.oversized++;
    this.#transmitClose(closeCodes.tooLarge);
    this.#finish(
      `the peer sent a message of ${tooLarge} bytes, and the limit is ${terms.maxMessageBytes}`,
      false,
    );
    this.#release();
  }

  #checkPeerFinished(): void {
    if (this.#peerHasFinished || this.#released || !this.#receiveBuffer.isFinished) return;
    this.#peerHasFinished = true;
    if (!this.#forgotten) this.#events.peerFinished();
    this.#checkBothFinished();
  }

  #checkBothFinished(): void {
    if (!this.#peerHasFinished || !this.#hasDeliveredAll || this.#end !== undefined) return;
    this.#finish("both sides have ended", true);
    this.#linger();
  }

  #closedByPeer(code: number): void {
    if (this.#end !== undefined) return this.#release();
    if (code === closeCodes.done && this.#finishSent) {
      // The peer has everything that we sent; its acknowledgement was lost.
      this.#finishAcknowledged = true;
      this.#sendBuffer.acknowledge(0, this.#sendBuffer.written);
      this.#tellDelivered();
    }
    if (this.#end !== undefined) return this.#release();
    const why = code === closeCodes.tooLarge
      ? "the peer does not take messages of this length"
      : code === closeCodes.gaveUp
      ? "the peer heard nothing of us for too long"
      : code === closeCodes.violation
      ? "the peer says that we broke the protocol"
      : "closed by the peer";
    this.#finish(why, code <= closeCodes.gone && !this.hasUndelivered);
    this.#release();
  }

  #takeAck(packet: PacketReader, now: number): void {
    const sent = this.#sentPackets;
    if (this.#skipped.convicts(packet)) {
      this.#transmitClose(closeCodes.violation);
      this.#finish("the peer acknowledged what it was never sent", false);
      return this.#release();
    }
    this.#ackTimeMs = now;
    this.#congestion.begin(sent.bytes);
    const before = sent.count;
    const largestBefore = sent.largestAcknowledged;
    this.#outage.begin();
    let newest = sent.acknowledge(0, packet.cumulative);
    const { ranges } = packet;
    for (let index = 0; index < ranges.length; index += 2) {
      newest = sent.acknowledge(ranges[index]!, ranges[index + 1]!) ?? newest;
    }
    if (newest !== null && newest.number > largestBefore && newest.number >= this.#pathFrom) {
      const sample = now - newest.sentAtMs;
      this.#roundTrip.measured(sample, packet.delayMs);
      this.#congestion.measured(sample, newest.number, sent.next);
    }
    if (packet.window > this.#peerWindow) {
      this.#peerWindow = packet.window;
      this.#blockedProbeAtMs = Infinity;
    }
    if (sent.count < before) {
      this.#timeouts = 0;
      this.#probesLeft = 0;
      this.#progressAtMs = now;
      this.#detectLoss(now);
      this.#congestion.end(sent.bytes, now);
      this.#sendQueue.fill();
      this.#tellDelivered();
    }
  }

  #packetAcknowledged(packet: SentPacket): void {
    if (packet.number >= this.#pathFrom) {
      this.#outage.arrived(packet.sentAtMs);
      if (this.#size.arrived(packet, this.#ackTimeMs)) this.#resize();
    }
    if (packet.isSizeProbe) return;
    if (packet.number >= this.#pathFrom) {
      this.#congestion.acknowledged(packet, this.#ackTimeMs, this.#roundTrip.smoothedMs ?? 0);
    }
    if (packet.end > packet.start) this.#sendBuffer.acknowledge(packet.start, packet.end);
    if (packet.finish) this.#finishAcknowledged = true;
  }

  #packetLost(packet: SentPacket): void {
    const now = this.#ackTimeMs;
    const isOnPath = packet.number >= this.#pathFrom;
    if (packet.number === this.#moveToldIn) this.#moveUntold = true;
    if (isOnPath && this.#size.lost(packet, now)) this.#resize();
    if (packet.isSizeProbe) return;
    if (packet.end > packet.start) this.#sendBuffer.lose(packet.start, packet.end);
    if (packet.finish && !this.#finishAcknowledged) this.#finishLost = true;
    // It may have held the grant that the peer waits for.
    this.#acknowledging.hurry();
    if (packet.end === packet.start && !packet.finish) this.#pingWanted = true;
    if (!isOnPath) return;
    const { smoothedMs, timeoutMs } = this.#roundTrip;
    if (this.#outage.lost(packet.sentAtMs, timeoutMs) && smoothedMs !== undefined) {
      this.#congestion.collapse(packet, now);
    } else {
      this.#congestion.lost(packet, now);
    }
  }

  /** Datagrams have another size now. */
  #resize(): void {
    this.#congestion.resize(this.#size.bytes);
    this.#pacing.resize(this.#size.bytes);
  }

  /** A packet that counted as lost has arrived: what was in it need not go out again. */
  #packetMistaken(packet: SentPacket): void {
    const isOnPath = packet.number >= this.#pathFrom;
    if (isOnPath && this.#size.arrived(packet, this.#ackTimeMs)) this.#resize();
    if (packet.isSizeProbe) return;
    if (isOnPath) this.#congestion.mistaken(packet);
    if (packet.end > packet.start) this.#sendBuffer.acknowledge(packet.start, packet.end);
    if (packet.finish) this.#finishAcknowledged = true;
  }

  #detectLoss(now: number): void {
    this.#ackTimeMs = now;
    this.#sentPackets.detectLoss(now, this.#roundTrip);
  }

  #tellDelivered(): void {
    this.#waiters.acknowledged(this.#sendBuffer.acknowledgedMessages);
    if (!this.#hasDeliveredAll) return;
    this.#waiters.resolve();
    this.#checkBothFinished();
  }

  // Outgoing packets.

  /** Sends at the end of this turn, so that messages handed over together travel together. */
  #queueFlush(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    queueMicrotask(() => {
      this.#flushQueued = false;
      this.#flush();
    });
  }

  #flush(now = this.#clock.elapsedMs()): void {
    if (this.#released) return;
    this.#paceAtMs = Infinity;
    const { next, oldest } = this.#sentPackets;
    if (next - oldest > OLDEST_PACKET) {
      this.#ackTimeMs = now;
      this.#sentPackets.loseBelow(next - OLDEST_PACKET);
    }
    if (this.#end === undefined) this.#sendStream(now);
    if (this.#acknowledging.dueAtMs <= now || this.#pingWanted || this.#moveUntold) {
      this.#sendControl(now);
    }
    this.#schedule();
  }

  #sendStream(now: number): void {
    const buffer = this.#sendBuffer;
    if (!this.#probeSize(now)) return;
    let probedTo = 0;
    for (;;) {
      const isProbe = this.#probesLeft > 0;
      // The last is small: it gets through where large ones vanish.
      const datagramBytes = this.#probesLeft === 1 ? this.#size.baseBytes : this.#size.bytes;
      const room = datagramBytes - HEADER_BYTES - STREAM_HEADER_BYTES;
      const ackBytes = this.#acknowledging.isWanted ? MAX_ACK_BYTES : 0;
      const max = room - ackBytes;
      const resends = buffer.hasLost;
      let part = buffer.next(max, this.#peerWindow) ??
        (isProbe ? buffer.unacknowledged(probedTo, max) ?? buffer.unacknowledged(0, max) : null);
      const finishes = this.#wantsEnd && this.#sendQueue.isEmpty &&
        !this.#finishAcknowledged && (part?.end ?? buffer.sent) === buffer.written &&
        (!this.#finishSent || this.#finishLost || isProbe);
      if (part === null) {
        if (!finishes) {
          this.#watchBlocked(now);
          this.#tellUnused(datagramBytes);
          if (isProbe && this.#sentPackets.count > 0) this.#pingWanted = true;
          this.#probesLeft = 0;
          return;
        }
        part = { start: buffer.written, end: buffer.written };
      }
      if (!isProbe) {
        if (!this.#mayLeave(datagramBytes)) return;
        const rate = this.#congestion.rate(this.#roundTrip.smoothedMs);
        const waitMs = this.#pacing.waitMs(now, rate);
        if (waitMs > 0) {
          this.#paceAtMs = now + waitMs;
          return;
        }
      } else {
        this.#probesLeft--;
        probedTo = part.end;
      }
      if (resends || (isProbe && part.start < buffer.sent)) this.#countRetransmission();
      this.#sendPart(part, finishes, now);
    }
  }

  /** Tries a larger size when there is much to send. Returns false when data has to wait, so that the
   * receiving socket has room for the probe. */
  #probeSize(now: number): boolean {
    const { written, sent: sentBytes } = this.#sendBuffer;
    if (written - sentBytes < this.#size.bytes || this.#probesLeft > 0) return true;
    const bytes = this.#size.probeBytes(now);
    if (bytes === undefined) return true;
    if (!this.#fitsKernel(bytes)) return false;
    this.#maybeSkip();
    const buffer = this.#events.buffer(bytes);
    this.#begin(buffer);
    this.#writer.ping();
    this.#writer.pad(bytes);
    this.#size.probed();
    this.#transmitEliciting(buffer, now, 0, 0, false, true);
    return true;
  }

  #countRetransmission(): void {
    this.#retransmitted++;
    this.#options.counters.retransmitted++;
  }

  #sendPart(part: StreamPart, finishes: boolean, now: number): void {
    this.#maybeSkip();
    const bytes = this.#events.buffer(this.#size.bytes);
    this.#begin(bytes);
    if (this.#acknowledging.isWanted) {
      this.#writeAck(now);
      this.#pingWithAck = false;
    }
    const length = part.end - part.start;
    this.#sendBuffer.take(part, this.#writer.stream(part.start, length, finishes));
    if (finishes) {
      this.#finishSent = true;
      this.#finishLost = false;
    }
    this.#transmitEliciting(bytes, now, part.start, part.end, finishes);
  }

  /** An acknowledgement, or a question whether the peer is there, or both. */
  #sendControl(now: number): void {
    const pings = this.#pingWanted || this.#pingWithAck || this.#moveUntold;
    if (pings) this.#maybeSkip();
    const bytes = this.#events.buffer(CONTROL_BYTES);
    this.#begin(bytes);
    this.#writeAck(now);
    this.#pingWanted = this.#pingWithAck = false;
    if (pings) {
      this.#writer.ping();
      if (this.#moveUntold) {
        this.#writer.moved(this.#moves);
        this.#moveToldIn = this.#sentPackets.next;
        this.#moveUntold = false;
      }
      this.#transmitEliciting(bytes, now, 0, 0, false);
    } else {
      const length = this.#writer.finish();
      this.#sentPackets.skip();
      this.#events.transmit(bytes, length);
    }
  }

  #begin(bytes: Uint8Array): void {
    const { next, largestAcknowledged, oldestOfInterest } = this.#sentPackets;
    const announced = this.#skipped.announce(oldestOfInterest, largestAcknowledged, next);
    this.#writer.begin(bytes, next, announced);
  }

  #transmitEliciting(
    bytes: Uint8Array,
    now: number,
    start: number,
    end: number,
    finish: boolean,
    isSizeProbe = false,
  ): void {
    const length = this.#writer.finish();
    const sent = this.#sentPackets;
    // From nothing outstanding to something: the time to give up starts anew.
    if (sent.count === 0 && this.#timeouts === 0) this.#progressAtMs = now;
    sent.add({
      number: sent.next,
      sentAtMs: now,
      bytes: length,
      kernelBytes: kernelBytes(length),
      start,
      end,
      finish,
      isSizeProbe,
      delivery: isSizeProbe ? undefined : this.#congestion.sent(length, sent.bytes, now),
    });
    this.#lastElicitingAtMs = now;
    this.#pacing.sent(length);
    this.#events.transmit(bytes, length);
  }

  /** Sends a packet that is neither acknowledged nor sent again. */
  #transmitOnce(
    write: (writer: PacketWriter) => void,
    transmit: (bytes: Uint8Array, length: number) => void = this.#events.transmit,
  ): void {
    if (this.#released) return;
    const bytes = this.#events.buffer(CONTROL_BYTES);
    this.#begin(bytes);
    write(this.#writer);
    const length = this.#writer.finish();
    this.#sentPackets.skip();
    transmit(bytes, length);
  }

  #transmitClose(code: number): void {
    this.#transmitOnce((writer) => {
      this.#writeAck(this.#clock.elapsedMs());
      writer.close(code);
    });
  }

  #writeAck(now: number): void {
    this.#acknowledging.write(this.#writer, this.#receiveBuffer.grant(), now);
  }

  /** Tells the peer that it may send more, when that is worth a datagram. */
  #considerGrant(): void {
    const buffer = this.#receiveBuffer;
    if (this.#end !== undefined || this.#peerHasFinished) return;
    // Where room is scarce, a grant is never large.
    const least = this.#options.terms.windowBytes / (buffer.nearlyUsed ? 16 : 4);
    if (buffer.grantable < least) return;
    // The peer waits for this grant, so it is sent in a packet that is repeated until acknowledged.
    if (buffer.nearlyUsed) this.#pingWithAck = true;
    this.#acknowledging.hurry();
    this.#queueFlush();
  }

  /** Whether the windows have room for one more datagram. */
  #mayLeave(bytes: number): boolean {
    const sent = this.#sentPackets;
    if (sent.bytes + bytes > this.#congestion.windowBytes && sent.count > 0) return false;
    if (sent.next - sent.oldest >= MAX_PACKETS) return false;
    if (this.#fitsKernel(bytes)) return true;
    // The peer's socket limits what is sent, not the path.
    this.#congestion.limitByApplication(sent.bytes);
    return false;
  }

  /** Whether the peer's socket, where it is known, has room for one more datagram. */
  #fitsKernel(bytes: number): boolean {
    const { kernelBuffer } = this.#path;
    const { count, kernelBytes: used } = this.#sentPackets;
    return kernelBuffer === undefined || count === 0 ||
      used + kernelBytes(bytes) <= usableBytes(kernelBuffer, this.#roundTrip.minMs);
  }

  /** There is nothing to send: what the window still allows stays unused. */
  #tellUnused(datagramBytes: number): void {
    const { bytes } = this.#sentPackets;
    if (bytes + datagramBytes <= this.#congestion.windowBytes) {
      this.#congestion.limitByApplication(bytes);
    }
  }

  /** Sees to it that a peer whose window is used up is asked now and then whether it still is. */
  #watchBlocked(now: number): void {
    const buffer = this.#sendBuffer;
    const isBlocked = buffer.sent < buffer.written && buffer.sent >= this.#peerWindow;
    if (!isBlocked) this.#blockedProbeAtMs = Infinity;
    else if (this.#blockedProbeAtMs === Infinity) this.#blockedProbeAtMs = now + BLOCKED_PROBE_MS;
  }

  #maybeSkip(): void {
    const { next, oldest } = this.#sentPackets;
    if (this.#skipped.skips(next, next - oldest)) this.#sentPackets.skip();
  }

  // Time.

  /** When a packet should have been acknowledged; Infinity when none waits. */
  #timeoutAtMs(): number {
    const sent = this.#sentPackets;
    if (sent.count === 0) return Infinity;
    const { probeMs, timeoutMs } = this.#roundTrip;
    const ms = this.#timeouts === 0 ? probeMs : timeoutMs * 2 ** (this.#timeouts - 1);
    return this.#lastElicitingAtMs + Math.min(MAX_TIMEOUT_MS, ms);
  }

  /** When it was idle for too long. */
  #idleAtMs(): number {
    const { idleMs } = this.#options;
    return this.#activeAtMs + (this.#isConfirmed ? idleMs : Math.min(idleMs, UNCONFIRMED_MS));
  }

  #nextDeadlineMs(): number {
    if (this.#end !== undefined) {
      return Math.min(
        this.#lingerUntilMs,
        Math.max(0, this.#acknowledging.dueAtMs),
        this.#relocation?.dueAtMs ?? Infinity,
      );
    }
    const { timeoutMs, keepAliveMs } = this.#options;
    return Math.min(
      Math.max(0, this.#acknowledging.dueAtMs),
      this.#paceAtMs,
      this.#blockedProbeAtMs,
      this.#silenceAtMs,
      this.#lingerUntilMs,
      this.#relocation?.dueAtMs ?? Infinity,
      this.#sentPackets.count === 0 ? this.#heardAtMs + keepAliveMs : Infinity,
      this.#idleAtMs(),
      this.#sentPackets.lossAtMs,
      this.#timeoutAtMs(),
      this.#sentPackets.count > 0 ? this.#progressAtMs + timeoutMs : Infinity,
    );
  }

  #schedule(): void {
    if (!this.#released) this.#timer.set(this.#nextDeadlineMs());
  }

  #tick(): void {
    if (this.#released) return;
    const now = this.#clock.elapsedMs();
    if (now >= this.#lingerUntilMs) {
      if (this.#end === undefined) this.dispose("closed");
      else this.#release();
      return;
    }
    this.#relocation?.tick(now, this.#roundTrip.timeoutMs);
    if (this.#end === undefined) {
      if (now >= this.#idleAtMs()) return this.dispose("idle");
      if (this.#sentPackets.lossAtMs <= now) this.#detectLoss(now);
      const { timeoutMs, keepAliveMs } = this.#options;
      if (this.#sentPackets.count > 0 && now >= this.#progressAtMs + timeoutMs) {
        this.#transmitClose(closeCodes.gaveUp);
        this.#finish(`no answer for ${Math.round(timeoutMs / 100) / 10} s`, false);
        return this.#release();
      }
      if (this.#timeoutAtMs() <= now) {
        this.#timeouts++;
        this.#probesLeft = PROBE_DATAGRAMS;
      }
      if (now >= this.#heardAtMs + keepAliveMs && this.#sentPackets.count === 0) {
        this.#pingWanted = true;
      }
      if (now >= this.#blockedProbeAtMs) {
        this.#blockedProbeAtMs = Infinity;
        this.#pingWanted = true;
      }
      if (now >= this.#silenceAtMs) {
        this.#silenceAtMs = Infinity;
        // What is on its way already asks.
        if (this.#sentPackets.count === 0 && !this.#peerHasFinished) this.#pingWanted = true;
      }
    }
    this.#flush(now);
  }

  // The end.

  #finish(why: string, orderly: boolean): void {
    if (this.#end !== undefined) return;
    const { sent, acknowledged } = this.delivery;
    const error = new UndeliveredError(why, sent, acknowledged);
    this.#end = { error, why };
    this.#options.counters.undelivered += sent - acknowledged;
    this.#sendQueue.reject(error);
    if (acknowledged < sent) this.#waiters.reject(error);
    else this.#waiters.resolve();
    this.#events.ended({ why, orderly });
  }

  /** Stays for a while, in case the last packet of the peer has to be acknowledged once more. */
  #linger(): void {
    const lingerMs = Math.max(LINGER_MS, LINGER_TIMEOUTS * this.#roundTrip.timeoutMs);
    this.#lingerUntilMs = this.#clock.elapsedMs() + lingerMs;
    this.#schedule();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#timer.clear();
    this.#receiveBuffer.release();
    this.#sendBuffer.release();
    this.onRelease?.();
  }

  /** Called once, when it no longer answers. */
  onRelease: (() => void) | undefined;

  /** The error of whatever is called after the end; undefined before it. */
  get endError(): UndeliveredError | undefined {
    return this.#end?.error;
  }
}

/** The most that a peer may grant beyond what it has acknowledged; no honest window is larger. */
const MAX_WINDOW_BYTES = 2 ** 32;

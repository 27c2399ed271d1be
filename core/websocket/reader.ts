// A parser of WebSocket frames (RFC 6455 5, RFC 7692 6): bytes in, messages and control frames out.
// Our own rather than that of `ws`, because the parser decides the speed of the server: this one
// reads straight from our connection, buffers only a message that has begun, and reports malformed
// text at its first wrong byte. Past 300 lines because it is one state machine that may stop at any
// byte.

import type { Message } from "../session.ts";
import { smallBytes } from "../sessions/small_bytes.ts";
import {
  applyMask,
  CLOSE_CODE,
  COMPRESSED,
  malformedText,
  MAX_CONTROL_BYTES,
  OPCODE,
  protocolError,
  WebSocketViolation,
} from "./frame.ts";

const NO_BYTES = new Uint8Array(0);
/** Two bytes, a length of up to eight, a mask of four. */
const LONGEST_HEAD_BYTES = 14;
/** First allocation for a message, however long it claims to be: larger for a single frame, since a
 * frame is seldom cut off. */
const FIRST_FRAME_BYTES = 64 * 1024;
const FIRST_FRAGMENT_BYTES = 4 * 1024;

// A byte order mark is part of the peer's message.
const wholeText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A close, ping or pong frame. */
export class ControlFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  constructor(opcode: number, payload: Uint8Array) {
    this.opcode = opcode;
    this.payload = payload;
  }
}

interface FrameReaderOptions {
  /** Whether frames must be masked: a client's are, a server's are not (RFC 6455 5.1). */
  readonly masked: boolean;
  readonly maxMessageBytes: number;
  /** Decompresses a message; without it, compressed messages are refused.
   * @throws {WebSocketViolation} when the message is malformed, or larger than `maxBytes` */
  readonly inflate?: ((payload: Uint8Array, maxBytes: number) => Uint8Array) | undefined;
}

/** Takes chunks, and returns messages and control frames. Fragments are joined. */
export class FrameReader {
  readonly #masked: boolean;
  readonly #maxMessageBytes: number;
  readonly #inflate: FrameReaderOptions["inflate"];
  /** Set to true by every part of an incomplete message. */
  progressed = false;

  #chunk: Uint8Array = NO_BYTES;
  #at = 0;

  // Head of the current frame.
  readonly #head = new Uint8Array(LONGEST_HEAD_BYTES);
  #headBytes = 0;
  /** Length of the head, as far as its bytes tell. */
  #headNeeds = 2;
  #inPayload = false;
  #opcode = 0;
  #isLast = false;
  #payloadLeft = 0;
  /** Index in the mask for the next byte of the payload. */
  #maskPhase = 0;
  #control: Uint8Array = NO_BYTES;
  #controlBytes = 0;

  // State of the current message.
  #messageOpcode: number = OPCODE.continuation;
  #isCompressed = false;
  #mostBytes = 0;
  #messageBytes = 0;
  #binary: Uint8Array = NO_BYTES;
  #text = "";
  #decoder: TextDecoder | undefined;

  constructor({ masked, maxMessageBytes, inflate }: FrameReaderOptions) {
    this.#masked = masked;
    this.#maxMessageBytes = maxMessageBytes;
    this.#inflate = inflate;
  }

  /** Adds a chunk, once `next` has returned null. The chunk must not change until `next` returns
   * null again, and is unmasked in place. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next message or control frame, which the caller then owns; null when more must be read.
   * @throws {WebSocketViolation} when the peer broke the protocol; the reader is then unusable */
  next(): Message | ControlFrame | null {
    for (;;) {
      if (!this.#inPayload && !this.#readHead()) return null;
      const part = this.#takePayload();
      const isWhole = this.#payloadLeft === 0;
      if (this.#opcode >= OPCODE.close) {
        this.#control.set(part, this.#controlBytes);
        this.#controlBytes += part.length;
        if (!isWhole) return null;
        this.#endFrame();
        return new ControlFrame(this.#opcode, this.#control);
      }
      if (isWhole && this.#isLast && this.#messageBytes === 0) {
        this.#endFrame();
        return this.#wholeMessage(part);
      }
      this.#append(part);
      if (!isWhole) return null;
      this.#endFrame();
      if (this.#isLast) return this.#assembledMessage();
    }
  }

  /** Reads as much of a frame's head as there is; true once it is complete. */
  #readHead(): boolean {
    const head = this.#head;
    for (;;) {
      while (this.#headBytes < this.#headNeeds) {
        if (this.#at === this.#chunk.length) {
          this.#chunk = NO_BYTES;
          this.#at = 0;
          return false;
        }
        head[this.#headBytes++] = this.#chunk[this.#at++]!;
      }
      if (this.#headNeeds > 2) break;
      this.#startFrame(head[0]!, head[1]!);
      if (this.#headNeeds === 2) break;
    }
    this.#setLength();
    this.#inPayload = true;
    return true;
  }

  /** Checks the first two bytes of a frame (RFC 6455 5.2, 5.4, 5.5). */
  #startFrame(first: number, second: number): void {
    const opcode = first & 0x0f;
    const isLast = (first & 0x80) !== 0;
    const length = second & 0x7f;
    const reserved = first & 0x70;
    if (
      reserved !== 0 &&
      // A message is compressed as a whole, so only its first frame has the bit (RFC 7692 6.1).
      (reserved !== COMPRESSED || this.#inflate === undefined ||
        (opcode !== OPCODE.text && opcode !== OPCODE.binary))
    ) throw protocolError("a reserved bit is set");
    if (opcode >= OPCODE.close) {
      if (opcode > OPCODE.pong) throw protocolError(`opcode ${opcode} is reserved`);
      if (!isLast) throw protocolError("a control frame is fragmented");
      if (length > MAX_CONTROL_BYTES) throw protocolError("a control frame is too long");
      this.#control = length === 0 ? NO_BYTES : new Uint8Array(length);
      this.#controlBytes = 0;
    } else {
      if (opcode > OPCODE.binary) throw protocolError(`opcode ${opcode} is reserved`);
      const isMore = this.#messageOpcode !== OPCODE.continuation;
      if (isMore && opcode !== OPCODE.continuation) {
        throw protocolError("a message begins inside another");
      }
      if (!isMore && opcode === OPCODE.continuation) {
        throw protocolError("a message has no beginning");
      }
      if (!isMore) {
        this.#messageOpcode = opcode;
        this.#isCompressed = reserved !== 0;
        // Incompressible data grows by a few bytes for each block.
        const most = this.#maxMessageBytes;
        this.#mostBytes = reserved === 0 ? most : most + Math.ceil(most / 16) + 64;
      }
    }
    if (((second & 0x80) !== 0) !== this.#masked) {
      throw protocolError(
        this.#masked ? "a client's frame is not masked" : "a server's frame is masked",
      );
    }
    this.#opcode = opcode;
    this.#isLast = isLast;
    this.#headNeeds = 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (this.#masked ? 4 : 0);
  }

  #setLength(): void {
    const head = this.#head;
    const short = head[1]! & 0x7f;
    let length = short;
    if (short === 126) {
      length = head[2]! << 8 | head[3]!;
      if (length < 126) throw protocolError("a length is not written in the fewest bytes");
    } else if (short === 127) {
      const view = new DataView(head.buffer);
      const high = view.getUint32(2);
      length = high * 2 ** 32 + view.getUint32(6);
      if (high >= 2 ** 31) throw protocolError("a length has its highest bit set");
      if (length < 65_536) throw protocolError("a length is not written in the fewest bytes");
    }
    if (
      this.#opcode < OPCODE.close && this.#messageBytes + length > this.#mostBytes
    ) {
      throw new WebSocketViolation(
        CLOSE_CODE.tooLarge,
        `a message is larger than ${this.#maxMessageBytes} bytes`,
      );
    }
    this.#payloadLeft = length;
    this.#maskPhase = 0;
  }

  /** Takes the payload in the current chunk, unmasked: a view. */
  #takePayload(): Uint8Array {
    const end = Math.min(this.#at + this.#payloadLeft, this.#chunk.length);
    const part = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    this.#payloadLeft -= part.length;
    if (this.#masked) {
      applyMask(part, this.#head, this.#headNeeds - 4, this.#maskPhase);
      this.#maskPhase = (this.#maskPhase + part.length) & 3;
    }
    return part;
  }

  #endFrame(): void {
    this.#inPayload = false;
    this.#headBytes = 0;
    this.#headNeeds = 2;
  }

  /** A message in one part, as most are. */
  #wholeMessage(part: Uint8Array): Message {
    const isText = this.#messageOpcode === OPCODE.text;
    this.#messageOpcode = OPCODE.continuation;
    if (this.#isCompressed) return this.#inflated(part, isText);
    if (!isText) {
      const bytes = smallBytes(part.length);
      bytes.set(part);
      return bytes;
    }
    try {
      return wholeText.decode(part);
    } catch {
      throw malformedText();
    }
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.progressed = true;
    const length = this.#messageBytes;
    this.#messageBytes += part.length;
    if (this.#messageOpcode === OPCODE.text && !this.#isCompressed) {
      this.#decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      try {
        this.#text += this.#decoder.decode(part, { stream: true });
      } catch {
        throw malformedText();
      }
      return;
    }
    if (this.#messageBytes > this.#binary.length) {
      // As much as the head claims, at most twice what has arrived. Before the last frame the
      // message's length is unknown, and growing by each frame would copy the message each time.
      const first = this.#isLast ? FIRST_FRAME_BYTES : FIRST_FRAGMENT_BYTES;
      const room = Math.max(first, this.#messageBytes * 2);
      const claimed = this.#isLast ? this.#messageBytes + this.#payloadLeft : this.#mostBytes;
      const larger = new Uint8Array(Math.min(claimed, room));
      larger.set(this.#binary.subarray(0, length));
      this.#binary = larger;
    }
    this.#binary.set(part, length);
  }

  #assembledMessage(): Message {
    const isText = this.#messageOpcode === OPCODE.text;
    const [text, binary, length] = [this.#text, this.#binary, this.#messageBytes];
    this.#messageOpcode = OPCODE.continuation;
    this.#messageBytes = 0;
    this.#text = "";
    this.#binary = NO_BYTES;
    if (this.#isCompressed) return this.#inflated(binary.subarray(0, length), isText);
    if (!isText) return binary.subarray(0, length);
    const decoder = this.#decoder;
    this.#decoder = undefined;
    try {
      return text + (decoder?.decode() ?? "");
    } catch {
      throw malformedText();
    }
  }

  #inflated(payload: Uint8Array, isText: boolean): Message {
    const message = this.#inflate!(payload, this.#maxMessageBytes);
    if (!isText) return message;
    try {
      return wholeText.decode(message);
    } catch {
      throw malformedText();
    }
  }
}

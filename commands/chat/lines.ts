// Formats the events of a chat as lines, with the senders' control characters made harmless.

import type { ChatLinkEvent } from "../../dock/join_chat.ts";
import { mentionOf } from "../../protocols/chat/client/mentions.ts";
import type { ChatMessage, Standing } from "../../protocols/chat/message.ts";
import { printable } from "../terminal/printable.ts";

/** Colours of names: of the 256 of terminals, those with enough contrast to black and to white
 * (about 4 or more, WCAG 2.2) and to each other. */
const NAME_COLOURS = [27, 28, 30, 31, 62, 64, 97, 99, 129, 130, 131, 132, 161, 163, 165, 196];

/** Longer texts are cut off, so that a message cannot flood the terminal. */
const MAX_SHOWN_LENGTH = 16 * 1024;

interface ChatLinesOptions {
  readonly color: boolean;
  /** Whether a line announces each new day. */
  readonly dates: boolean;
}

/** Formats lines, and remembers the day of the last one. */
export class ChatLines {
  readonly #color: boolean;
  readonly #dates: boolean;
  #day = "";

  constructor({ color, dates }: ChatLinesOptions) {
    this.#color = color;
    this.#dates = dates;
  }

  /** `12:04 name: text`, and before it a line with the date when that is another.
   * @param self our own name, which is highlighted where the text mentions it */
  message({ name, standing, kind, text, timeMs }: ChatMessage, self?: string): string[] {
    const who = this.#who(name, standing);
    const said = this.#said(text, self);
    const time = this.#time(timeMs);
    return [
      ...this.#dateLine(timeMs),
      kind === "me" ? `${time} * ${who} ${said}` : `${time} ${who}: ${said}`,
    ];
  }

  /** `12:04 [name] text`. */
  whisper(
    { name, standing, text, timeMs }: {
      readonly name: string;
      readonly standing: Standing;
      readonly text: string;
      readonly timeMs: number;
    },
  ): string[] {
    const who = this.#who(name, standing);
    return [...this.#dateLine(timeMs), `${this.#time(timeMs)} [${who}] ${shown(text)}`];
  }

  /** `* text`: a notice of the chat or of this client. */
  notice(text: string): string {
    return this.#paint("2", `* ${shown(text)}`);
  }

  /** The same for an error. */
  problem(text: string): string {
    return `${this.#paint("31", "!")} ${shown(text)}`;
  }

  /** Formats an event that is no message; undefined for an event without text. */
  event(event: ChatLinkEvent): string | undefined {
    switch (event.event) {
      case "connected": {
        const { again, name, standing, room, members } = event;
        const mark = standing === "verified" ? "✓" : "";
        const others = members === undefined ? "" : `, ${count(members, "member")}`;
        return this.notice(
          `${again ? "back" : "you are"} in ${room} as ${plainName(name)}${mark}${others}`,
        );
      }
      case "lost": {
        const waiting = event.unsaid === 0
          ? ""
          : `; ${count(event.unsaid, "message")} will be said once it is back`;
        return this.problem(`connection lost: ${event.reason}${waiting}`);
      }
      case "reconnecting":
        // `lost` has been printed; of the attempts only every tenth is.
        return event.attempt === 1 || event.attempt % 10 !== 0
          ? undefined
          : this.problem(`still trying: ${event.reason}`);
      case "closed":
        return undefined;
      case "joined":
        return this.notice(`you are in ${event.room} now`);
      case "named":
        return this.notice(`you are ${plainName(event.name)} now`);
      case "came":
        return this.notice(`${plainName(event.name)} came`);
      case "went":
        return this.notice(
          `${plainName(event.name)} went` +
            (event.reason === undefined || event.reason === "" ? "" : ` (${event.reason})`),
        );
      case "renamed":
        return this.notice(`${plainName(event.name)} is ${plainName(event.to)} now`);
      case "missed":
        return this.problem(`${count(event.count, "message")} came too fast and were missed`);
      case "notice":
        return this.notice(event.text);
      case "error":
        return this.problem(event.text === "" ? event.code : event.text);
      default:
        return undefined;
    }
  }

  #who(name: string, standing: Standing): string {
    const mark = standing === "verified" ? "✓" : "";
    return this.#paint(`38;5;${nameColour(name)}`, shown(plainName(name))) +
      this.#paint("32", mark);
  }

  #said(text: string, self: string | undefined): string {
    const said = shown(text);
    const mention = self === undefined || !this.#color ? undefined : mentionOf(self);
    // Reversed colours are readable on every background.
    return mention === undefined ? said : said.replace(mention, "\x1b[1;7m$&\x1b[22;27m");
  }

  #time(timeMs: number): string {
    const date = new Date(timeMs);
    return this.#paint("2", `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`);
  }

  #dateLine(timeMs: number): string[] {
    if (!this.#dates) return [];
    const day = localDay(timeMs);
    if (day === this.#day) return [];
    const isFirst = this.#day === "";
    this.#day = day;
    // Today's date is not printed until the day changes.
    return isFirst && day === localDay(Date.now()) ? [] : [this.#paint("2", `-- ${day} --`)];
  }

  #paint(code: string, text: string): string {
    return this.#color && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** The colour of a name, always the same. */
export function nameColour(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return NAME_COLOURS[(hash >>> 0) % NAME_COLOURS.length]!;
}

/** Escapes a text, on one line and up to a limit. */
function shown(text: string): string {
  if (text.length <= MAX_SHOWN_LENGTH) return printable(text);
  const more = text.length - MAX_SHOWN_LENGTH;
  return `${printable(text.slice(0, MAX_SHOWN_LENGTH))} (and ${more} more characters)`;
}

/** A name without the mark of its standing. */
function plainName(name: string): string {
  return name.replace(/[✓✔]/gu, "?");
}

function localDay(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? "" : "s"}`;
}

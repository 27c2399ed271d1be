// JSON (RFC 8259) indented and coloured for a terminal, as it arrives. Tokens are copied, never
// parsed to values: large integers, escapes and members of the same name stay what they are. From
// the first character that is no JSON on, the text is passed on as it came. The state is a stack of
// brackets.

import { printable } from "../terminal/printable.ts";

type Paint = (color: "cyan" | "green" | "yellow" | "dim", text: string) => string;

/** Deeper texts are passed on as they came. */
const MAX_DEPTH = 512;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const NUMBER_PART = /[-+.0-9eE]/;
/** Longest number or word that is one token; a longer one is no JSON for us. */
const MAX_BARE_LENGTH = 4096;

/** What may come next. */
type Next = "value" | "value or end" | "name" | "name or end" | "colon" | "comma or end" | "top";

/** Formats one stream of text. */
export class JsonText {
  readonly #paint: Paint;
  readonly #open: ("{" | "[")[] = [];
  #next: Next = "top";
  /** The string that is being read, as far as it has not been written. */
  #string: { isName: boolean; text: string; escaped: boolean } | undefined;
  /** The number or word that is being read. */
  #bare = "";
  /** Whether white space was left out before the token that is being read. */
  #space = false;
  #isRaw = false;
  #hasValue = false;
  #out = "";

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Formats the next part of the text. */
  push(text: string): string {
    this.#out = "";
    let at = 0;
    while (at < text.length) {
      if (this.#isRaw) {
        this.#out += printable(text.slice(at), { lines: true });
        break;
      }
      at = this.#string === undefined ? this.#token(text, at) : this.#inString(text, at);
    }
    if (this.#string !== undefined) this.#flushString();
    return this.#out;
  }

  /** Ends the text: what was begun is written, and its last line ended. */
  end(): string {
    this.#out = "";
    if (this.#bare !== "") this.#endBare();
    if (!this.#isRaw && this.#hasValue) this.#out += "\n";
    return this.#out;
  }

  /** Reads at least one character outside a string; returns the index of the next. */
  #token(text: string, at: number): number {
    const character = text[at]!;
    if (NUMBER_PART.test(character) || /[a-z]/.test(character)) {
      this.#bare += character;
      if (this.#bare.length > MAX_BARE_LENGTH) this.#giveUp("");
      return at + 1;
    }
    if (this.#bare !== "") {
      this.#endBare();
      if (this.#isRaw) return at;
    }
    if (/[ \t\r\n]/.test(character)) {
      this.#space = true;
      return at + 1;
    }
    this.#punctuation(character);
    this.#space = false;
    return at + 1;
  }

  #punctuation(character: string): void {
    const next = this.#next;
    const isEnd = character === "}" || character === "]";
    if (character === '"' && (this.#takesValue() || next.startsWith("name"))) {
      const isName = next.startsWith("name");
      this.#begin();
      this.#string = { isName, text: '"', escaped: false };
    } else if ((character === "{" || character === "[") && this.#takesValue()) {
      this.#begin();
      this.#open.push(character);
      this.#out += character;
      this.#next = character === "{" ? "name or end" : "value or end";
      if (this.#open.length > MAX_DEPTH) this.#giveUp("");
    } else if (isEnd && next.endsWith("or end") && this.#open.at(-1) === opening(character)) {
      this.#open.pop();
      // An empty object or array stays on its line.
      if (next === "comma or end") this.#newLine();
      this.#out += character;
      this.#ended();
    } else if (character === "," && next === "comma or end") {
      this.#out += ",";
      this.#next = this.#open.at(-1) === "{" ? "name" : "value";
    } else if (character === ":" && next === "colon") {
      this.#out += ": ";
      this.#next = "value";
    } else this.#giveUp(character);
  }

  #inString(text: string, at: number): number {
    const string = this.#string!;
    for (let index = at; index < text.length; index++) {
      const character = text[index]!;
      if (string.escaped) string.escaped = false;
      else if (character === "\\") string.escaped = true;
      else if (character === '"') {
        string.text += text.slice(at, index + 1);
        this.#flushString();
        this.#string = undefined;
        if (string.isName) this.#next = "colon";
        else this.#ended();
        return index + 1;
      }
    }
    string.text += text.slice(at);
    return text.length;
  }

  #flushString(): void {
    const { isName, text } = this.#string!;
    if (text === "") return;
    this.#out += this.#paint(isName ? "cyan" : "green", printable(text, { style: "json" }));
    this.#string!.text = "";
  }

  #endBare(): void {
    const text = this.#bare;
    const isWord = ["true", "false", "null"].includes(text);
    if (!this.#takesValue() || !(isWord || NUMBER.test(text))) {
      this.#bare = "";
      this.#giveUp(text);
      return;
    }
    this.#begin();
    this.#bare = "";
    this.#out += this.#paint(isWord ? "dim" : "yellow", text);
    this.#space = false;
    this.#ended();
  }

  #takesValue(): boolean {
    return this.#next === "value" || this.#next === "value or end" || this.#next === "top";
  }

  /** Starts the line of a value or a name, where it has one of its own. */
  #begin(): void {
    if (this.#open.length === 0 ? this.#hasValue : this.#next !== "value" || this.#inArray()) {
      this.#newLine();
    }
    this.#hasValue = true;
  }

  #inArray(): boolean {
    return this.#open.at(-1) === "[";
  }

  #ended(): void {
    this.#next = this.#open.length === 0 ? "top" : "comma or end";
  }

  #newLine(): void {
    this.#out += `\n${"  ".repeat(this.#open.length)}`;
  }

  /** Passes the rest on as it comes, beginning with what did not fit. */
  #giveUp(text: string): void {
    this.#isRaw = true;
    this.#out += (this.#space ? " " : "") + printable(this.#bare + text, { lines: true });
    this.#bare = "";
  }
}

function opening(closing: string): string {
  return closing === "}" ? "{" : "[";
}

// Parses the bytes of a terminal in raw mode to keys (ECMA-48, and xterm's control sequences).

/** A key that was pressed; `text` and `paste` carry the characters. */
export type Key =
  | { readonly key: "text" | "paste"; readonly text: string }
  | { readonly key: KeyName };

type KeyName =
  | "enter"
  | "tab"
  | "back-tab"
  | "backspace"
  | "delete"
  | "delete-or-end"
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "home"
  | "end"
  | "up"
  | "down"
  | "kill-to-end"
  | "kill-to-start"
  | "kill-word-left"
  | "kill-word-right"
  | "yank"
  | "clear-screen"
  | "interrupt";

const CONTROLS: Readonly<Record<string, KeyName>> = {
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "delete-or-end",
  "\x05": "end",
  "\x06": "right",
  "\x08": "backspace",
  "\x09": "tab",
  "\x0a": "enter",
  "\x0b": "kill-to-end",
  "\x0c": "clear-screen",
  "\x0d": "enter",
  "\x0e": "down",
  "\x10": "up",
  "\x15": "kill-to-start",
  "\x17": "kill-word-left",
  "\x19": "yank",
  "\x7f": "backspace",
};

/** Keys by the character after ESC, which stands for Alt or begins a terminal's own sequence. */
const ESCAPED: Readonly<Record<string, KeyName>> = {
  "b": "word-left",
  "f": "word-right",
  "d": "kill-word-right",
  "\x7f": "kill-word-left",
  "\x08": "kill-word-left",
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  "[Z": "back-tab",
  "[1~": "home",
  "[7~": "home",
  "[4~": "end",
  "[8~": "end",
  "[3~": "delete",
  "[1;5C": "word-right",
  "[1;3C": "word-right",
  "[1;5D": "word-left",
  "[1;3D": "word-left",
  "[3;5~": "kill-word-right",
  "OA": "up",
  "OB": "down",
  "OC": "right",
  "OD": "left",
  "OH": "home",
  "OF": "end",
};

const PASTE_BEGINS = "[200~";
const PASTE_ENDS = "\x1b[201~";

/** A paste is cut off here; an editor takes less. */
const MAX_PASTE_LENGTH = 64 * 1024;

/** The sequence of a key is shorter than this; a longer one is not a key. */
const MAX_SEQUENCE_LENGTH = 32;

/** Parses bytes to keys. Characters and sequences may be split between two reads. */
export class KeyReader {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The characters after an ESC, or undefined outside of a sequence. */
  #sequence: string | undefined;
  /** The text that has been pasted so far, or undefined outside of a paste. */
  #pasted: string | undefined;
  /** The beginning of the sequence that ends a paste, as far as it has arrived. */
  #ending = "";

  push(bytes: Uint8Array): Key[] {
    const keys: Key[] = [];
    let typed = "";
    const flush = () => {
      if (typed !== "") keys.push({ key: "text", text: typed });
      typed = "";
    };
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      if (this.#pasted !== undefined) {
        const text = this.#takePasted(character);
        if (text !== undefined) keys.push({ key: "paste", text });
      } else if (this.#sequence !== undefined) {
        flush();
        const key = this.#takeEscaped(character);
        if (key !== undefined) keys.push({ key });
      } else if (character === "\x1b") {
        this.#sequence = "";
      } else if (character < " " || (character >= "\x7f" && character <= "\x9f")) {
        flush();
        const key = CONTROLS[character];
        if (key !== undefined) keys.push({ key });
      } else {
        typed += character;
      }
    }
    flush();
    return keys;
  }

  #takeEscaped(character: string): KeyName | undefined {
    // The first of two ESC is the Escape key; the second may begin a sequence.
    if (character === "\x1b") {
      this.#sequence = "";
      return undefined;
    }
    const sequence = this.#sequence + character;
    this.#sequence = sequence;
    const isWhole = sequence.startsWith("[")
      ? sequence.length > 1 && character >= "@" && character <= "~"
      : sequence.startsWith("O")
      ? sequence.length > 1
      : true;
    if (!isWhole && sequence.length < MAX_SEQUENCE_LENGTH) return undefined;
    this.#sequence = undefined;
    if (sequence === PASTE_BEGINS) this.#pasted = "";
    return Object.hasOwn(ESCAPED, sequence) ? ESCAPED[sequence] : undefined;
  }

  /** Returns the whole paste at its end. */
  #takePasted(character: string): string | undefined {
    const ending = this.#ending + character;
    if (PASTE_ENDS.startsWith(ending)) {
      this.#ending = ending;
      if (ending.length < PASTE_ENDS.length) return undefined;
      const whole = this.#pasted;
      this.#pasted = undefined;
      this.#ending = "";
      return whole;
    }
    // The sequence was not the end of the paste, but its last character may begin another.
    this.#ending = character === "\x1b" ? character : "";
    if (this.#pasted!.length < MAX_PASTE_LENGTH) {
      this.#pasted += ending.slice(0, ending.length - this.#ending.length);
    }
    return undefined;
  }
}

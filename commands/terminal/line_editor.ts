// An editor for one line: text, cursor, history, completion. It draws nothing.
//
// node:readline was tried first, as an interface with a terminal and a prompt that is redrawn
// around incoming text. On a pseudo-terminal it has three faults: a line longer than the screen is
// wide leaves copies of itself behind when the window is resized; backspace deletes only the last
// part of an emoji that is made of several (a family of three becomes a couple); and it reads
// `process.stdin`, which tests of a command cannot replace. This editor keeps to one row that
// scrolls sideways.

import { UNSEEN } from "../../core/unseen.ts";
import type { Key } from "./key_reader.ts";
import { graphemes, graphemeWidth } from "./text_width.ts";

/** The completions of the word before the cursor. */
export interface Completion {
  /** Index in the text at which the word begins. */
  readonly from: number;
  /** The candidates for the whole word, each with the space that follows. */
  readonly candidates: readonly string[];
}

/** The request of a key to the command, besides redrawing the line. */
export type EditorAction =
  | { readonly action: "line"; readonly line: string }
  | { readonly action: "interrupt" | "end" | "clear-screen" | "bell" };

export interface EditorView {
  readonly before: string;
  readonly after: string;
}

interface LineEditorOptions {
  /** Completes the text before the cursor. */
  readonly complete?: (before: string) => Completion;
  /** Limit of the history, in lines. @default 500 */
  readonly maxHistory?: number;
  /** Limit of a line, in UTF-16 units. @default 4000 */
  readonly maxLength?: number;
}

export class LineEditor {
  readonly #complete: (before: string) => Completion;
  readonly #maxHistory: number;
  readonly #maxLength: number;
  #text = "";
  /** A position in the text, always between two characters. */
  #cursor = 0;
  #killed = "";
  readonly #history: string[] = [];
  /** Index in the history of the line shown; its length is the line being typed. */
  #shown = 0;
  /** The line being typed, while one of the history is shown. */
  #draft = "";
  /** The completions that the user cycles through. */
  #offered: { readonly from: number; readonly texts: readonly string[]; at: number } | undefined;
  /** Index of the first visible character. */
  #scroll = 0;

  constructor(options: LineEditorOptions = {}) {
    this.#complete = options.complete ?? (() => ({ from: 0, candidates: [] }));
    this.#maxHistory = options.maxHistory ?? 500;
    this.#maxLength = options.maxLength ?? 4000;
  }

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces the line; the cursor goes to its end. */
  set(text: string): void {
    this.#text = text.replace(UNSEEN, "").slice(0, this.#maxLength);
    this.#cursor = this.#text.length;
    this.#offered = undefined;
  }

  press(key: Key): EditorAction | undefined {
    if (key.key !== "tab" && key.key !== "back-tab") this.#offered = undefined;
    switch (key.key) {
      case "text":
        return this.#insert(key.text);
      case "paste":
        // Pasted lines become one line, so that the user can read them before sending.
        return this.#insert(key.text.replace(/\s*[\r\n\t]+\s*/g, " ").trim());
      case "enter":
        return { action: "line", line: this.#take() };
      case "interrupt":
        return { action: "interrupt" };
      case "clear-screen":
        return { action: "clear-screen" };
      case "delete-or-end":
        if (this.#text === "") return { action: "end" };
        this.#cut(this.#cursor, this.#right());
        return undefined;
      case "delete":
        this.#cut(this.#cursor, this.#right());
        return undefined;
      case "backspace":
        this.#cut(this.#left(), this.#cursor);
        return undefined;
      case "left":
        this.#cursor = this.#left();
        return undefined;
      case "right":
        this.#cursor = this.#right();
        return undefined;
      case "word-left":
        this.#cursor = this.#wordLeft();
        return undefined;
      case "word-right":
        this.#cursor = this.#wordRight();
        return undefined;
      case "home":
        this.#cursor = 0;
        return undefined;
      case "end":
        this.#cursor = this.#text.length;
        return undefined;
      case "kill-to-end":
        this.#kill(this.#cursor, this.#text.length);
        return undefined;
      case "kill-to-start":
        this.#kill(0, this.#cursor);
        return undefined;
      case "kill-word-left":
        this.#kill(this.#spacedWordLeft(), this.#cursor);
        return undefined;
      case "kill-word-right":
        this.#kill(this.#cursor, this.#wordRight());
        return undefined;
      case "yank":
        return this.#insert(this.#killed);
      case "up":
        return this.#show(this.#shown - 1);
      case "down":
        return this.#show(this.#shown + 1);
      case "tab":
        return this.#offer(1);
      case "back-tab":
        return this.#offer(-1);
    }
  }

  clear(): void {
    this.set("");
    this.#shown = this.#history.length;
  }

  /** Adds a line to the history that was not entered here. */
  remember(line: string): void {
    if (line.trim() !== "" && line !== this.#history.at(-1)) this.#history.push(line);
    if (this.#history.length > this.#maxHistory) this.#history.shift();
    this.#shown = this.#history.length;
  }

  /** The part of the line that fits so many columns, the cursor always in it. */
  view(columns: number): EditorView {
    const room = Math.max(4, columns);
    const characters = graphemes(this.#text);
    let cursorAt = 0;
    for (let at = 0; at < this.#cursor && cursorAt < characters.length; cursorAt++) {
      at += characters[cursorAt]!.length;
    }
    const widths = characters.map(graphemeWidth);
    const widthOf = (from: number, to: number) =>
      widths.slice(from, to).reduce<number>((sum, one) => sum + one, 0);
    let scroll = Math.min(this.#scroll, cursorAt);
    if (scroll === cursorAt || widthOf(scroll, cursorAt) >= room) {
      // By half a row at a time, so that the line does not move with every key.
      for (scroll = cursorAt; scroll > 0 && widthOf(scroll - 1, cursorAt) <= room / 2;) scroll--;
    }
    // Scrolls back when there would be empty columns at the end.
    while (scroll > 0 && widthOf(scroll - 1, characters.length) < room) scroll--;
    this.#scroll = scroll;
    let end = cursorAt;
    for (let width = widthOf(scroll, cursorAt); end < characters.length; end++) {
      width += widths[end]!;
      if (width >= room) break;
    }
    return {
      before: characters.slice(scroll, cursorAt).join(""),
      after: characters.slice(cursorAt, end).join(""),
    };
  }

  #insert(typed: string): EditorAction | undefined {
    const text = typed.replace(UNSEEN, "");
    if (text === "") return undefined;
    if (this.#text.length + text.length > this.#maxLength) return { action: "bell" };
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(this.#cursor);
    this.#cursor += text.length;
    // A typed character may combine with the one before it or behind it.
    this.#cursor = this.#boundary(this.#cursor);
    return undefined;
  }

  #take(): string {
    const line = this.#text;
    this.remember(line);
    this.#draft = "";
    this.clear();
    return line;
  }

  #show(index: number): EditorAction | undefined {
    if (index < 0 || index > this.#history.length) return { action: "bell" };
    if (this.#shown === this.#history.length) this.#draft = this.#text;
    this.#shown = index;
    this.set(this.#history[index] ?? this.#draft);
    return undefined;
  }

  #offer(step: 1 | -1): EditorAction | undefined {
    if (this.#offered === undefined) {
      const before = this.#text.slice(0, this.#cursor);
      const { from, candidates } = this.#complete(before);
      if (candidates.length === 0) return { action: "bell" };
      // The last candidate is the word as it was typed, so that cycling returns to it.
      const texts = candidates.length === 1 ? candidates : [...candidates, before.slice(from)];
      this.#offered = { from, texts, at: step === 1 ? -1 : texts.length };
    }
    const offered = this.#offered;
    const { from, texts } = offered;
    offered.at = (offered.at + step + texts.length) % texts.length;
    const text = texts[offered.at]!.replace(UNSEEN, "");
    if (this.#text.length + text.length > this.#maxLength) return { action: "bell" };
    this.#text = this.#text.slice(0, from) + text + this.#text.slice(this.#cursor);
    this.#cursor = this.#boundary(from + text.length);
    if (texts.length === 1) this.#offered = undefined;
    return undefined;
  }

  #cut(from: number, to: number): void {
    this.#text = this.#text.slice(0, from) + this.#text.slice(to);
    this.#cursor = this.#boundary(from);
  }

  #kill(from: number, to: number): void {
    if (from === to) return;
    this.#killed = this.#text.slice(from, to);
    this.#cut(from, to);
  }

  /** The first place between two characters that is not before this one. */
  #boundary(at: number): number {
    let end = 0;
    for (const character of graphemes(this.#text)) {
      if (end >= at) break;
      end += character.length;
    }
    return end;
  }

  #left(): number {
    const last = graphemes(this.#text.slice(0, this.#cursor)).at(-1);
    return this.#cursor - (last?.length ?? 0);
  }

  #right(): number {
    const [first] = graphemes(this.#text.slice(this.#cursor));
    return this.#cursor + (first?.length ?? 0);
  }

  #wordLeft(): number {
    const before = this.#text.slice(0, this.#cursor);
    return this.#boundary(before.replace(/[\p{L}\p{N}\p{M}_]*[^\p{L}\p{N}\p{M}_]*$/u, "").length);
  }

  #wordRight(): number {
    const [word = ""] = /^[^\p{L}\p{N}\p{M}_]*[\p{L}\p{N}\p{M}_]*/u.exec(
      this.#text.slice(this.#cursor),
    ) ?? [];
    return this.#boundary(this.#cursor + word.length);
  }

  /** Start of the word for Ctrl-W, as in a shell: words are separated by spaces. */
  #spacedWordLeft(): number {
    return this.#text.slice(0, this.#cursor).replace(/\S*\s*$/u, "").length;
  }
}

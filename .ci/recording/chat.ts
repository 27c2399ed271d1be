/** Records README.md's first picture: a chat in two terminals, which really takes place. Ports and times
 * are those of the page, so that the same program always gives the same picture.
 *
 * deno run --allow-all .ci/recording/chat.ts */

import { startPython } from "../../tests/peer.ts";
import { Person } from "../../tests/person.ts";
import { putSockdock } from "../../tests/program_on_path.ts";
import type { Run } from "../../tests/screen.ts";
import { temporaryFolder } from "../../tests/temporary_folder.ts";
import type { Frame } from "./frame.ts";
import { drawRecording } from "./svg.ts";

export const PICTURE = "docs/images/chat.svg";

/** What each person types at the prompt of a shell. */
const COMMANDS = {
  server: "sockdock serve chat tcp://:7991 --as harbour",
  client: "sockdock chat tcp://127.0.0.1:7991 --name ada",
} as const;

const SIZE = { columns: 56, rows: 10 };
const PACE = { key: 60, line: 900, end: 5000 };

/** Lets the chat take place and draws it. */
export async function recordChat(): Promise<string> {
  await using folder = await temporaryFolder();
  const program = await putSockdock(folder.path);
  const frames: Frame[] = [];
  const stage = new Stage(frames);
  await using people = new AsyncDisposableStack();
  const start = (command: string) => {
    const size = [SIZE.columns, SIZE.rows].map(String);
    // NO_COLOR is unset for what runs inside: a recording has colours.
    const process = startPython("terminal.py", [
      ...size,
      ...["env", "-u", "NO_COLOR", program],
      ...command.split(" ").slice(1),
    ]);
    people.use(process);
    return new Person(process, SIZE.columns);
  };

  stage.typeCommand(0, COMMANDS.server);
  const harbour = start(COMMANDS.server.replace("7991", "0"));
  stage.enter(0, COMMANDS.server, harbour);
  await harbour.seesLine("harbour\u2713 came");
  await harbour.seesPrompt("|");
  const port = /:(\d+) \(chat\)/.exec(harbour.shown)?.[1] ?? "";
  stage.serverPort = port;
  stage.frame(PACE.line);

  stage.typeCommand(1, COMMANDS.client);
  const ada = start(COMMANDS.client.replace("7991", port));
  stage.enter(1, COMMANDS.client, ada);
  await ada.seesLine("2 members");
  await ada.seesPrompt("[lobby] ada> |");
  await harbour.seesLine("ada came");
  await harbour.seesPrompt("|");
  stage.frame(PACE.line);

  const say = async (person: Person, words: string, isSaid: (line: string) => string) => {
    for (const key of words) {
      const typed = `${person.screen.cursorLine.slice(0, -1)}${key}|`;
      await person.type(key);
      await person.seesPrompt(typed);
      stage.frame(PACE.key);
    }
    await person.type("\r");
    for (const one of [ada, harbour]) await one.seesLine(isSaid(words));
    await ada.seesPrompt("[lobby] ada> |");
    // The end of a line may come later than the line.
    await harbour.seesPrompt("|");
    stage.frame(PACE.line);
  };
  await say(ada, "Is this port open?", (words) => `ada: ${words}`);
  await say(harbour, "It is. Come in, ada!", (words) => `harbour\u2713: ${words}`);
  await say(ada, "Ahoy!", (words) => `ada: ${words}`);
  stage.frame(PACE.end);

  return drawRecording(frames, {
    title: "Two terminals: sockdock serves a chat in one, and ada joins it from the other",
    captions: ["Terminal 1", "Terminal 2"],
    ...SIZE,
  });
}

/** The two terminals, and what is written down of them. */
class Stage {
  readonly #frames: Frame[];
  readonly #lines = ["$ ", "$ "];
  readonly #people: (Person | undefined)[] = [undefined, undefined];
  serverPort = "";

  constructor(frames: Frame[]) {
    this.#frames = frames;
  }

  /** Shows a command being typed at a shell's prompt. */
  typeCommand(index: number, command: string): void {
    this.frame(PACE.line);
    for (let typed = 3; typed < command.length + 3; typed += 3) {
      this.#lines[index] = `$ ${command.slice(0, typed)}`;
      this.frame(PACE.key);
    }
  }

  /** From here on the terminal is that of a program. */
  enter(index: number, command: string, person: Person): void {
    this.#lines[index] = `$ ${command}`;
    this.#people[index] = person;
  }

  frame(durationMs: number): void {
    const panes = this.#people.map((person, index) => {
      const line = this.#lines[index]!;
      const prompt: Run = { text: line, style: plain };
      if (person === undefined) {
        return { rows: [[prompt]], cursor: { row: 0, column: line.length } };
      }
      const { runs, cursor } = person.screen;
      return {
        rows: [[prompt], ...runs.map((row) => row.map((run) => this.#fixed(run)))],
        cursor: { row: cursor.row + 1, column: cursor.column },
      };
    });
    this.#frames.push({ panes, durationMs });
  }

  /** The same with the page's ports and times. */
  #fixed({ text, style }: Run): Run {
    const fixed = text
      .replace(/^\d\d:\d\d(?= |$)/, "12:04")
      .replace(
        /127\.0\.0\.1:(\d+)/,
        (_, port) => `127.0.0.1:${port === this.serverPort ? "7991" : "50412"}`,
      );
    return { text: fixed, style };
  }
}

const plain = { color: "", bold: false, dim: false, inverse: false } as const;

if (import.meta.main) {
  await Deno.writeTextFile(new URL(`../../${PICTURE}`, import.meta.url), await recordChat());
}

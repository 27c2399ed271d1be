/** What a page of the documentation shows, as data: its sections, their code blocks, and what a block
 * promises. */

/** How a code block is meant.
 *
 * - `setup`: ``` sh setup ```, run first, its output is not looked at; under the page's title it is run
 *   before every section
 * - `server`: ``` sh server ```, a command a line, which keep running until the section ends
 * - `client`: ``` sh ```, run by `sh -e`, prints what the next `text` block says
 * - `output`: ``` text ```
 * - `seen`: ``` text server ```, what the last server printed for people by then
 * - `shown`: ``` sh no-run ```, only read */
export type BlockKind = "setup" | "server" | "client" | "output" | "seen" | "shown";

export interface Block {
  readonly kind: BlockKind;
  readonly code: string;
}

/** What stands under one heading, up to the next of level 2 or 3. */
export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

const KINDS: ReadonlyMap<string, BlockKind> = new Map([
  ["sh setup", "setup"],
  ["sh server", "server"],
  ["sh", "client"],
  ["text", "output"],
  ["text server", "seen"],
  ["sh no-run", "shown"],
]);

/** A page, from its title to its end. */
export interface Page {
  /** From the root of the project, such as `docs/tour/files.md`. */
  readonly path: string;
  readonly markdown: string;
  /** What stands under the title, before the first heading of level 2 or 3. */
  readonly opening: Section;
  /** The sections that have blocks for a shell. */
  readonly sections: readonly Section[];
}

/** Takes a page apart. Blocks in other languages than the shell's are not for this.
 *
 * @throws {SyntaxError} when a block for a shell is of no known kind */
export function readPage(path: string, markdown: string): Page {
  const sections: { heading: string; blocks: Block[] }[] = [{ heading: "", blocks: [] }];
  let open: { readonly info: string; readonly lines: string[] } | undefined;
  for (const line of markdown.split("\n")) {
    if (open !== undefined) {
      if (line !== "```") {
        open.lines.push(line);
        continue;
      }
      const kind = KINDS.get(open.info);
      if (kind !== undefined) sections.at(-1)?.blocks.push({ kind, code: open.lines.join("\n") });
      else if (/^(sh|bash|shell|console|text)\b/.test(open.info)) {
        throw new SyntaxError(`${path}: unknown kind of block "${open.info}"`);
      }
      open = undefined;
    } else if (line.startsWith("```")) {
      open = { info: line.slice(3).trim(), lines: [] };
    } else {
      const heading = /^##+ (.+)$/.exec(line)?.[1];
      if (heading !== undefined) sections.push({ heading, blocks: [] });
    }
  }
  const [opening, ...others] = sections;
  return {
    path,
    markdown,
    opening: opening!,
    sections: others.filter(({ blocks }) => blocks.length > 0),
  };
}

/** All blocks of a page, in their order. */
export function blocksOf({ opening, sections }: Page): Block[] {
  return [opening, ...sections].flatMap(({ blocks }) => blocks);
}

/** Whether output is what a `text` block says: a line `...` stands for any lines, `<words>` for any
 * text within a line. A newline at the very end, or a CR at the end of a line, makes no difference:
 * a page cannot show either. */
export function isShownAs(output: string, shown: string): boolean {
  const lines = shown.replace(/\n$/, "").split("\n").map((line) =>
    line === "..." ? "(?:.*\\n)*?" : line.split(/<[^<>]+>/).map(RegExp.escape).join(".+") + "\\n"
  );
  return new RegExp(`^${lines.join("")}$`).test(
    `${output.replaceAll("\r\n", "\n").replace(/\n$/, "")}\n`,
  );
}

/** An endpoint in a command or file: what is listened on, and the port where there is one. */
export interface ShownUrl {
  readonly scheme: string;
  readonly port: string | undefined;
}

const URL_IN_TEXT =
  /\b([a-z][a-z0-9+]*):\/\/(\[[^\]\s]*\]|[^\s"'`,\]]*?)(?::(\d+))?(?=[\s"'`,\]/]|$)/g;

/** The URLs in a text, in their order. */
export function shownUrls(text: string): ShownUrl[] {
  return [...text.matchAll(URL_IN_TEXT)].map(([, scheme = "", , port]) => ({ scheme, port }));
}

/** The same text with port 0 in every URL that has one. */
export function onFreePorts(text: string): string {
  return text.replace(
    URL_IN_TEXT,
    (url, _scheme, _host, port?: string) =>
      port === undefined ? url : url.replace(new RegExp(`:${port}$`), ":0"),
  );
}

/** Where each shown endpoint really is. */
export type RealPorts = ReadonlyMap<string, string>;

/** The name of an endpoint in {@linkcode RealPorts}. */
export function portKey({ scheme, port }: ShownUrl): string {
  return `${scheme}:${port}`;
}

/** The scheme, in {@linkcode RealPorts}, of a server that is no program of ours and has no URL. */
export const ANY_SCHEME = "*";

/** The same text with the real port for every shown one: in a URL that of its scheme, elsewhere
 * that of the stream, which is what other programs dial. */
export function onRealPorts(text: string, real: RealPorts): string {
  const inUrls = text.replace(URL_IN_TEXT, (url, scheme: string, _host, port?: string) => {
    const found = port === undefined
      ? undefined
      : real.get(`${scheme}:${port}`) ?? real.get(`${ANY_SCHEME}:${port}`);
    // A mark keeps the real port from being taken for a shown one below.
    return found === undefined ? url : url.replace(new RegExp(`:${port}$`), `:\0${found}`);
  });
  const elsewhere = new Map<string, string>();
  for (const [key, found] of real) {
    const [scheme = "", port = ""] = key.split(":");
    if (!elsewhere.has(port) || scheme === "tcp") elsewhere.set(port, found);
  }
  return inUrls.replace(/(?<![\d\0])\d{2,5}(?!\d)/g, (port) => elsewhere.get(port) ?? port)
    .replaceAll("\0", "");
}

/** The arguments of every call of sockdock in a piece of shell, quotes taken off. A placeholder such
 * as `<the fingerprint>` counts as one word. */
export function sockdockCalls(shell: string): string[][] {
  const calls: string[][] = [];
  const joined = shell.replaceAll("\\\n", " ").replace(/<[a-z][^<>\n]*>/g, "placeholder");
  for (const line of joined.split("\n")) {
    for (const [program, ...args] of simpleCommands(line)) {
      if (program === "sockdock") calls.push(args);
    }
  }
  return calls;
}

/** The simple commands of one line, as words; redirections are left out. */
function simpleCommands(line: string): string[][] {
  const token =
    /\d?[<>]+\s*\S+|((?:'[^']*'|"[^"]*"|\\.|[^\s'"|&;<>()#]|(?<=\S)#)+)|([|&;()]+)|#.*/g;
  const commands: string[][] = [[]];
  for (const [, word, separator] of line.matchAll(token)) {
    if (separator !== undefined) commands.push([]);
    else if (word !== undefined) {
      commands.at(-1)?.push(word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, "$1$2$3"));
    }
  }
  return commands;
}

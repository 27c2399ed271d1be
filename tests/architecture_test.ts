/** The rules of the house: who may import whom, who may touch the network, print or exit, and that
 * nothing is left out of its index. */

import { assert, assertEquals } from "@std/assert";
import { clientKinds } from "../clients/index.ts";
import { commands } from "../commands/index.ts";
import { mergeTables, type Option, type OptionTable } from "../core/options/option.ts";
import { serveOptions } from "../dock/applicable.ts";
import { layers } from "../layers/index.ts";
import * as face from "../mod.ts";
import { protocols } from "../protocols/index.ts";
import { serverKinds } from "../servers/index.ts";
import { apps } from "../web/index.ts";

const ROOT = new URL("../", import.meta.url);

/** What each part may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "core": [],
  "servers": ["core"],
  "clients": ["core"],
  "protocols": ["core"],
  "layers": ["core"],
  "web": ["core"],
  "dock": ["core", "servers", "clients", "protocols", "layers", "web"],
  "commands": ["core", "servers", "clients", "protocols", "layers", "web", "dock"],
  "main.ts": ["commands"],
  "mod.ts": ["core", "clients", "protocols", "web", "dock"],
  "mod": ["core", "clients", "protocols", "web", "dock"],
};

/** The rooms of `core/` from the ground up: each may import those before it that are named. The
 * contracts, the files in `core/` itself, stand below all rooms. */
const CORE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  "options": [],
  "addresses": ["options"],
  "files": ["options"],
  "sessions": ["addresses"],
  "streams": ["addresses", "options", "sessions"],
  "datagrams": ["addresses", "options", "sessions"],
  "http": ["addresses", "options", "streams"],
  "websocket": ["addresses", "options", "sessions", "streams", "http"],
  "keys": ["files"],
  "pcapng": ["addresses"],
  "certificates": ["addresses", "files"],
  "tls": ["addresses", "options", "files", "streams", "certificates"],
};

/** What the contracts may use of the rooms: from `core/http/` its types alone. */
const CONTRACTS_USE: readonly string[] = ["options", "addresses"];

/** In a folder with more files than this, nothing is found without guessing. */
const MOST_LOOSE_FILES = 25;

/** What may cross the rules above: the two halves of DTLS share their record layer. */
const EXCEPTIONS: ReadonlySet<string> = new Set([
  "servers/dtls.ts -> layers/dtls",
  "servers/datagrams/options.ts -> layers/dtls",
  "servers/datagrams/serve_dtls.ts -> layers/dtls",
  "servers/datagrams/dtls_secrets.ts -> layers/dtls",
  "clients/datagrams/options.ts -> layers/dtls",
  "clients/datagrams/dial_dtls.ts -> layers/dtls",
]);

/** The list of commands loads the one that prints it. */
const MAY_IMPORT_ITS_INDEX = "commands/help.ts";

/** Packages that only tests may use. */
const DEVELOPMENT_PACKAGES = [
  /^@std\/(?:assert|yaml\/parse)$/,
  /^fast-check$/,
  /^playwright-core$/,
  /^@seriousme\/openapi-schema-validator$/,
  /^toxiproxy-node-client$/,
  /^ws$/,
];

interface Source {
  /** From the root, such as `core/datagrams/inbox.ts`. */
  readonly path: string;
  /** Without the lines that are comments. */
  readonly code: string;
}

/** Every TypeScript file of some parts. */
async function readSources(parts: readonly string[]): Promise<Source[]> {
  const paths: string[] = [];
  async function walk(folder: string): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
      if (isDirectory) await walk(`${folder}${name}/`);
      else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) paths.push(folder + name);
    }
  }
  for (const part of parts) {
    if (part.endsWith(".ts")) paths.push(part);
    else await walk(`${part}/`);
  }
  return await Promise.all(
    paths.sort().map(async (path) => {
      const text = await Deno.readTextFile(new URL(path, ROOT));
      const code = text.split("\n").filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line)).join("\n");
      return { path, code };
    }),
  );
}

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/** Every import, dynamic ones and those of types too; files by their path. */
type Import = readonly [from: string, to: string];

async function readImports(entry: string): Promise<Import[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Graph;
  const pathOf = (specifier: string) =>
    specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier;
  return modules
    .filter(({ specifier }) => specifier.startsWith(ROOT.href) && !specifier.endsWith(".d.ts"))
    .flatMap(({ specifier, dependencies = [] }) =>
      dependencies.flatMap(({ specifier: written, code, type }) =>
        [...new Set([code?.specifier, type?.specifier])]
          .filter((found) => found !== undefined)
          .map((found): Import => [
            pathOf(specifier),
            found.startsWith("file:") ? pathOf(found) : written,
          ])
      )
    );
}

/** The entries of the library, as deno.json has them. */
const entries = Object.values(
  (JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    readonly exports: Readonly<Record<string, string>>;
  }).exports,
);

/** The program and the library. */
const sources = await readSources(Object.keys(MAY_IMPORT));
const imports = (await Promise.all(["main.ts", ...entries].map(readImports))).flat();

function partOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
}

/** Whether something is a file of ours and not a package or a part of the platform. */
function isOurs(specifier: string): boolean {
  return !/^[a-z@]+:|^@/.test(specifier) && partOf(specifier) in MAY_IMPORT;
}

/** The places where the code of some files matches. */
function found(pattern: RegExp, except: (path: string) => boolean): string[] {
  return sources.filter(({ path }) => !except(path)).flatMap(({ path, code }) =>
    code.split("\n").filter((line) => pattern.test(line)).map((line) => `${path}: ${line.trim()}`)
  );
}

Deno.test("imports run one way, and siblings do not import each other", () => {
  const wrong = imports.filter(([from, to]) => {
    if (!isOurs(to) || EXCEPTIONS.has(`${from} -> ${to.split("/").slice(0, 2).join("/")}`)) {
      return false;
    }
    const [part, other] = [partOf(from), partOf(to)];
    return part !== other && !MAY_IMPORT[part]?.includes(other);
  });
  assertEquals(wrong.map(([from, to]) => `${from} -> ${to}`), []);
});

Deno.test("nothing is exported that no other file imports", async () => {
  const imported = new Set<string>();
  for (const { path, code } of [...sources, ...await readSources(["tests", ".ci", "packages"])]) {
    const statement = /(?:(\{[^}]*\}) from |import\(\s*|\* as \w+ from )"(\.[^"]+)"/g;
    for (const [, names = code, to] of code.matchAll(statement)) {
      // What takes a whole module may use every name that stands in the file.
      const other = new URL(to!, new URL(path, ROOT)).href.slice(ROOT.href.length);
      for (const [name] of names.matchAll(/\w+/g)) imported.add(`${other}: ${name}`);
    }
  }
  const defined =
    /^export (?:async |abstract |declare )*(?:function\*?|class|const|type|interface) (\w+)/gm;
  const exported = sources.flatMap(({ path, code }) =>
    [...code.matchAll(defined)].map(([, name]) => `${path}: ${name}`)
  );
  assertEquals(exported.filter((one) => !imported.has(one)), []);
});

/** The folder of a file, from the root. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Every source folder. */
const folders = [...new Set(sources.map(({ path }) => folderOf(path)))].filter((path) =>
  path !== ""
);

/** The rooms that stand in a folder. */
function roomsIn(folder: string): readonly string[] {
  const inside = folders.filter((path) => path.startsWith(`${folder}/`));
  return [...new Set(inside.map((path) => path.slice(folder.length + 1).split("/")[0]!))];
}

/** The room in a folder that a path lies in, or the name of a file that lies in the folder itself. */
function entryOf(path: string, folder: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split("/")[0]! : "";
}

/** Which entries of a folder import which others in it, each pair with the imports that make it. */
function importsBetween(
  folder: string,
  counts: (entry: string) => boolean,
): ReadonlyMap<string, ReadonlyMap<string, Import>> {
  const between = new Map<string, Map<string, Import>>();
  for (const [from, to] of imports) {
    if (from === MAY_IMPORT_ITS_INDEX && to === `${folder}/index.ts`) continue;
    const [entry, other] = [entryOf(from, folder), entryOf(to, folder)];
    if (entry === other || !counts(entry) || !counts(other)) continue;
    const seen = between.get(entry) ?? new Map<string, Import>();
    between.set(entry, seen.set(other, seen.get(other) ?? [from, to]));
  }
  return between;
}

/** A way through the entries of a folder that comes back to where it began, if there is one. */
function circleIn(between: ReadonlyMap<string, ReadonlyMap<string, Import>>): readonly Import[] {
  const clear = new Set<string>();
  function from(room: string, way: readonly string[], used: readonly Import[]): readonly Import[] {
    if (way.includes(room)) return used.slice(way.indexOf(room));
    if (clear.has(room)) return [];
    for (const [other, through] of between.get(room) ?? []) {
      const circle = from(other, [...way, room], [...used, through]);
      if (circle.length > 0) return circle;
    }
    clear.add(room);
    return [];
  }
  for (const room of between.keys()) {
    const circle = from(room, [], []);
    if (circle.length > 0) return circle;
  }
  return [];
}

Deno.test("rooms of one folder, and the files beside them, import one way", () => {
  const circles = folders.map((folder) => {
    const rooms = roomsIn(folder);
    // The contracts of core/ name each other's types; what they may use of its rooms stands below.
    const counts = (entry: string) =>
      folder === "core" ? rooms.includes(entry) : rooms.length > 0 && entry !== "";
    return circleIn(importsBetween(folder, counts)).map(([from, to]) => `${from} -> ${to}`);
  });
  assertEquals(circles.filter((circle) => circle.length > 0), []);
});

Deno.test("the rooms of core/ stand on each other as they are listed", () => {
  const rooms = roomsIn("core");
  assertEquals(rooms.toSorted(), Object.keys(CORE_ROOMS).toSorted());
  const wrong = [...importsBetween("core", (entry) => rooms.includes(entry))].flatMap((
    [room, others],
  ) =>
    [...others].filter(([other]) => !CORE_ROOMS[room]?.includes(other)).map(([, through]) =>
      through.join(" -> ")
    )
  );
  assertEquals(wrong, []);
});

Deno.test("the contracts of core/ use only options, addresses and the types of http", () => {
  const typesAlone = new Set(
    sources.filter(({ path }) => folderOf(path) === "core").flatMap(({ path, code }) =>
      [...code.matchAll(/^import type [^;]*? from "\.\/(http\/[^"]+)";/gm)].map(([, to]) =>
        `${path} -> core/${to}`
      )
    ),
  );
  const wrong = imports.filter(([from, to]) =>
    folderOf(from) === "core" && to.startsWith("core/") && folderOf(to) !== "core" &&
    !CONTRACTS_USE.includes(to.split("/")[1]!) && !typesAlone.has(`${from} -> ${to}`)
  );
  assertEquals(wrong.map((one) => one.join(" -> ")), []);
});

Deno.test(`no source folder has more than ${MOST_LOOSE_FILES} loose files`, () => {
  const loose = folders.map((folder) =>
    [folder, sources.filter(({ path }) => folderOf(path) === folder).length] as const
  );
  assertEquals(loose.filter(([, count]) => count > MOST_LOOSE_FILES), []);
});

Deno.test("CONTRIBUTING.md says of every room what is in it", async () => {
  const text = await Deno.readTextFile(new URL("CONTRIBUTING.md", ROOT));
  const named = [...text.matchAll(/^\| `([\w/]+)\/` +\| \S/gm)].map(([, folder]) => folder!);
  assertEquals(named.filter((folder) => folder !== "tests").toSorted(), folders.toSorted());
});

Deno.test("CONTRIBUTING.md draws each part above those that it may import", async () => {
  const text = await Deno.readTextFile(new URL("CONTRIBUTING.md", ROOT));
  const lines = /^```\n(main\.ts[\s\S]*?)^```/m.exec(text)?.[1]?.split("\n") ?? [];
  const rowOf = (part: string) => {
    const row = lines.findIndex((line) => line.includes(part.endsWith(".ts") ? part : `${part}/`));
    assert(row >= 0, `${part} is not drawn`);
    return row;
  };
  for (const [part, imported] of Object.entries(MAY_IMPORT)) {
    for (const other of imported) assert(rowOf(part) < rowOf(other), `${part} above ${other}`);
  }
});

Deno.test("every source file is part of the program or the library", () => {
  const faces = entries.map((path) => path.replace("./", ""));
  const reached = new Set(["main.ts", ...faces, ...imports.map(([, to]) => to)]);
  assertEquals(sources.map(({ path }) => path).filter((path) => !reached.has(path)), []);
});

Deno.test("only servers/ and clients/ open sockets", () => {
  const inTheirPlace = (path: string) => /^(?:servers|clients)\//.test(path);
  assertEquals(found(/\bDeno\.(?:listen|connect|serve|startTls)\w*\s*\(/, inTheirPlace), []);
  assertEquals(found(/\bnew (?:WebSocket|EventSource)\b/, inTheirPlace), []);
  assertEquals(found(/\b(?:createServer|createConnection|createSocket)\b/, inTheirPlace), []);
});

Deno.test("only one file reaches into the runtime's internals", () => {
  const isThis = (path: string) => path === "core/tls/native_socket.ts";
  assertEquals(found(/\bDeno\[|Deno\.internal\b/, isThis), []);
});

Deno.test("only commands/ prints and reads the terminal", () => {
  const inTheirPlace = (path: string) => path.startsWith("commands/");
  assertEquals(found(/\bconsole\.\w+\s*\(/, inTheirPlace), []);
  assertEquals(found(/\bDeno\.(?:stdin|stdout|stderr|consoleSize)\b/, inTheirPlace), []);
  assertEquals(found(/\b(?:alert|confirm|prompt)\s*\(/, inTheirPlace), []);
});

Deno.test("only main.ts exits", () => {
  assertEquals(
    found(/\bDeno\.exit(?:Code)?\b|\bprocess\.exit\b/, (path) => path === "main.ts"),
    [],
  );
});

Deno.test("no source file uses a package that is there for tests, or one by its address", () => {
  const packages = imports.filter(([, to]) => !isOurs(to) && !to.startsWith("node:"));
  const wrong = packages.filter(([, to]) =>
    /^(?:npm|jsr|https?):/.test(to) || DEVELOPMENT_PACKAGES.some((pattern) => pattern.test(to))
  );
  assertEquals(wrong.map(([from, to]) => `${from} -> ${to}`), []);
});

Deno.test("deno.lock names only what the program loads, because deno task fetches all of it", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  const { npmPackages } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly npmPackages: Readonly<Record<string, unknown>>;
  };
  const lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT))) as {
    readonly npm: Readonly<Record<string, unknown>>;
  };
  const others = Object.keys(lock.npm).filter((name) => !(name in npmPackages));
  assertEquals(others, [], "take them out, and load them with --lock=tests/deno.lock");
});

Deno.test("every package is pinned to one exact version", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    readonly imports: Readonly<Record<string, string>>;
  };
  const exact = /^npm:(?:@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(?:-[\w.]+)?(?:\/[\w./-]+)?$/;
  const loose = Object.entries(config.imports).filter(([, address]) => !exact.test(address));
  assertEquals(loose, []);
});

/** What stands in an index: how to recognise one that a file exports. */
interface Indexed {
  readonly folder: string;
  readonly listed: readonly unknown[];
  isOne(value: Readonly<Record<string, unknown>>): boolean;
}

const INDEXED: readonly Indexed[] = [
  {
    folder: "protocols",
    listed: protocols,
    isOne: ({ open, framing }) => typeof open === "function" && typeof framing === "string",
  },
  {
    folder: "servers",
    listed: serverKinds,
    isOne: ({ start, carries }) => typeof start === "function" && typeof carries === "string",
  },
  {
    folder: "clients",
    listed: clientKinds,
    isOne: ({ connect, addressing }) => typeof connect === "function" && addressing !== undefined,
  },
  {
    folder: "layers",
    listed: layers,
    isOne: ({ rank, options }) => typeof rank === "number" && options !== undefined,
  },
  {
    folder: "web",
    listed: apps,
    isOne: ({ open, framing }) => typeof open === "function" && framing === undefined,
  },
  {
    folder: "commands",
    listed: await Promise.all(commands.map((command) => command.load())),
    isOne: ({ run, usage }) => typeof run === "function" && typeof usage === "string",
  },
];

for (const { folder, listed, isOne } of INDEXED) {
  Deno.test(`everything that a file of ${folder}/ defines is in its index`, async () => {
    const left: string[] = [];
    for (const { path } of sources) {
      if (partOf(path) !== folder || path === `${folder}/index.ts`) continue;
      const exports = await import(new URL(path, ROOT).href) as Record<string, unknown>;
      for (const [name, value] of Object.entries(exports)) {
        const isObject = typeof value === "object" && value !== null;
        if (isObject && isOne(value as Record<string, unknown>) && !listed.includes(value)) {
          left.push(`${path}: ${name}`);
        }
      }
    }
    assertEquals(left, []);
  });

  Deno.test(`no two in the index of ${folder}/ have one name`, () => {
    // One scheme may carry sessions for a protocol and requests for an application.
    const names = listed.map((one) => {
      const { name, carries = "" } = one as { readonly name: string; readonly carries?: string };
      return `${name} ${carries}`;
    });
    assertEquals(names.filter((name, at) => names.indexOf(name) !== at), []);
  });
}

Deno.test("the library exports every protocol and application", () => {
  const exported = new Set<unknown>(Object.values(face));
  const missing = [...protocols, ...apps].filter((one) => !exported.has(one));
  assertEquals(missing.map(({ name }) => name), []);
});

Deno.test("the commands are listed with the names and summaries they have", async () => {
  for (const entry of commands) {
    const { name, summary } = await entry.load();
    assertEquals({ name: entry.name, summary: entry.summary }, { name, summary });
  }
});

Deno.test("what can stand together on one endpoint or command has no name twice", () => {
  const layered = layers.map(({ options }) => options);
  mergeTables(
    serveOptions,
    ...serverKinds.map(({ options }) => options),
    ...protocols.map(({ options }) => options),
    ...apps.map(({ options }) => options),
    ...layered,
  );
  mergeTables(...clientKinds.map(({ options }) => options), ...layered);
});

Deno.test("an option means the same wherever it is an option", async () => {
  const tables: [where: string, table: OptionTable][] = [
    ["serve()", serveOptions],
    ...[...serverKinds, ...clientKinds, ...protocols, ...apps, ...layers].map(
      ({ name, options }): [string, OptionTable] => [name, options],
    ),
  ];
  for (const command of commands) {
    tables.push([`sockdock ${command.name}`, (await command.load()).options]);
  }
  /** What the command line has to know of an option to read it. */
  const reading = ({ kind, metavar, choices, many, short }: Option<unknown>) =>
    JSON.stringify({ kind, metavar: metavar.toLowerCase(), choices, many, short });
  const readings = new Map<string, { readonly where: string; readonly as: string }>();
  const shorts = new Map<string, { readonly where: string; readonly key: string }>();
  const wrong: string[] = [];
  for (const [where, table] of tables) {
    for (const [key, option] of Object.entries(table)) {
      const as = reading(option);
      const first = readings.get(key) ?? { where, as };
      readings.set(key, first);
      if (first.as !== as) wrong.push(`${key}: ${as} in ${where}, ${first.as} in ${first.where}`);
      if (option.short === undefined) continue;
      const owner = shorts.get(option.short) ?? { where, key };
      shorts.set(option.short, owner);
      if (owner.key !== key) {
        wrong.push(`-${option.short}: ${key} in ${where}, ${owner.key} in ${owner.where}`);
      }
    }
  }
  assertEquals(wrong, []);
});

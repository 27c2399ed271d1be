// Writes the types of the library's options from the option tables, so that each option stands in
// the documentation and in editors with its help, its default and the transports that have it:
//
//   deno task option-types
//
// TypeScript could derive these types from the tables, but then they would have no documentation,
// and every program that uses the library would pay for deriving them. A test compares the files
// with the tables, and another lets TypeScript compare the types.

import { clientKinds } from "../clients/index.ts";
import { fetchOptions } from "../clients/http/options.ts";
import { flagName, type Option, type OptionTable } from "../core/options/option.ts";
import { serveOptions } from "../dock/applicable.ts";
import { layerStackOptions } from "../dock/layer_stack.ts";
import { layers } from "../layers/index.ts";
import { clusterOptions } from "../protocols/chat/options.ts";
import { protocols } from "../protocols/index.ts";
import { serverKinds } from "../servers/index.ts";
import { apps } from "../web/index.ts";

const WIDTH_COLUMNS = 100;

/** Options by the name of what has them, such as a transport. */
interface Owner {
  readonly name: string;
  readonly options: OptionTable;
}

interface GeneratedType {
  readonly name: string;
  readonly summary: string;
  /** Where there are several, each option says which of them have it. */
  readonly owners: readonly Owner[];
  /** Whether these are the resolved options, in which every field is present: what the table of a
   * protocol is typed by. Otherwise they are those that a caller gives. */
  readonly resolved?: true;
}

interface GeneratedFile {
  readonly path: string;
  readonly header: string;
  readonly types: readonly GeneratedType[];
}

const files: readonly GeneratedFile[] = [
  {
    path: "dock/option_types.ts",
    header: "The options of transports and layers, as `serve` and `connect` take them.",
    types: [
      {
        name: "ListenOptions",
        summary: "Options of `serve` that belong to the transports it listens on. One that no " +
          "transport in use has is refused.",
        owners: [{ name: "every transport", options: serveOptions }, ...serverKinds],
      },
      {
        name: "DialOptions",
        summary: "Options of `connect`, and of everything that connects by it, which belong to " +
          "the transports. One that the transport in use does not have is refused.",
        owners: clientKinds,
      },
      {
        name: "LayerOptions",
        summary: "Options of layers, for `serve` and `connect` alike.",
        owners: [{ name: "every endpoint", options: layerStackOptions }, ...layers.map(layerOwner)],
      },
    ],
  },
  {
    path: "protocols/option_types.ts",
    header: "The options of protocols, as `serve` takes them.",
    types: [
      ...withOptions(protocols).map(({ name, options }) => ({
        name: `${capitalised(name)}ProtocolOptions`,
        summary: `Options of the protocol \`${name}\`; each may be left out in those of \`serve\`.`,
        owners: [{ name, options }],
        resolved: true as const,
      })),
      {
        name: "ClusterOptions",
        summary: "Those options of the protocol `chat` that make several servers one chat.",
        owners: [{ name: "chat", options: clusterOptions }],
        resolved: true,
      },
    ],
  },
  {
    path: "web/option_types.ts",
    header: "The options of HTTP applications, as `serve` takes them.",
    types: withOptions(apps).map(({ name, options }) => ({
      name: `${capitalised(name)}AppOptions`,
      summary:
        `Options of the application \`${name}\`; each may be left out in those of \`serve\`.`,
      owners: [{ name, options }],
      resolved: true,
    })),
  },
  {
    path: "clients/http/option_types.ts",
    header: "The options of the HTTP client that are plain values.",
    types: [{
      name: "FetchValues",
      summary: "Options of a request that the command `fetch` has too.",
      owners: [{ name: "fetch", options: fetchOptions }],
    }],
  },
];

/** Every option, to recognise one that a help text mentions as a flag. */
const keys = new Map(
  files.flatMap(({ types }) => types).flatMap(({ owners }) => owners)
    .flatMap(({ options }) => Object.keys(options)).map((key) => [flagName(key), key]),
);

/** The text of every generated file by its path from the root. */
export async function optionTypeFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map(
    await Promise.all(
      files.map(async (file) => [file.path, await formatted(fileText(file))] as const),
    ),
  );
}

function fileText({ header, types }: GeneratedFile): string {
  return [
    `// ${header}\n// Written by \`deno task option-types\` from the option tables; change those.\n`,
    ...types.map(typeText),
  ].join("\n");
}

function typeText({ name, summary, owners, resolved }: GeneratedType): string {
  const table: OptionTable = Object.assign({}, ...owners.map(({ options }) => options));
  const members = Object.entries(table).map(([key, option]) => {
    const having = owners.filter(({ options }) => Object.hasOwn(options, key));
    const names = [...new Set(having.map((owner) => owner.name))];
    const where = owners.length === 1 ? "" : ` On ${names.join(", ")}.`;
    return `${comment(`${sentence(option)}${where}`, "  ")}  readonly ${key}${
      option.required || resolved ? "" : "?"
    }: ${typeOf(option)};`;
  });
  return `${comment(summary, "")}export interface ${name} {\n${members.join("\n")}\n}\n`;
}

/** What an option does, in the words of the command line, and its default. */
function sentence(option: Option<unknown>): string {
  const help = option.help
    .replace(/--([a-z][a-z0-9-]*)/g, (flag, name: string) => {
      const key = keys.get(name);
      return `\`${key ?? flag}\``;
    })
    .replace(/(?<!\S|`)(\(?)(@[A-Z]+)/g, "$1`$2`")
    .replace(/\.$/, "");
  const note = option.libraryNote === undefined ? "" : ` ${option.libraryNote}`;
  return `${capitalised(help)}.${note}${defaultOf(option)}`;
}

function defaultOf({ fallback, fallbackText, kind, required }: Option<unknown>): string {
  if (required) return "";
  if (kind === "flag") return ` Default: ${fallback}.`;
  if (fallbackText === undefined) return "";
  const text = typeof fallback === "string" ? JSON.stringify(fallback) : fallbackText;
  const exact = typeof fallback === "number" && Number.isFinite(fallback)
    ? fallback.toLocaleString("en-GB").replaceAll(",", "_")
    : text;
  const shown = text === String(fallback) || fallback === Infinity ? "" : ` (${text})`;
  return ` Default: \`${fallback === Infinity ? "Infinity" : exact}\`${
    typeof fallback === "number" ? shown : ""
  }.`;
}

/** The type of an option's value, found by asking the option what it takes. */
function typeOf(option: Option<unknown>): string {
  const element = elementType(option);
  const array = `readonly ${element.includes("|") ? `(${element})` : element}[]`;
  const type = !option.many
    ? element
    : takes(option, option.choices?.[0] ?? "x")
    ? `${element} | ${array}`
    : array;
  return option.fallback === undefined && !option.required ||
      option.many && takes(option, option.choices?.[0] ?? "x")
    ? `${type} | undefined`
    : type;
}

function elementType(option: Option<unknown>): string {
  if (option.kind === "flag") return "boolean";
  if (option.choices) return option.choices.map((choice) => JSON.stringify(choice)).join(" | ");
  const wrap = (value: unknown) => option.many ? [value] : value;
  return takes(option, wrap(1)) || takes(option, wrap(1.5)) ? "number" : "string";
}

/** Whether a value has the type of an option, whether or not it is in bounds. */
function takes(option: Option<unknown>, value: unknown): boolean {
  try {
    option.check(value, "probe");
    return true;
  } catch (error) {
    return error instanceof RangeError;
  }
}

function comment(text: string, indent: string): string {
  const lines: string[] = [];
  let line = `${indent}/**`;
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH_COLUMNS - 3) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join("\n")} */\n`;
}

function withOptions<One extends Owner>(all: readonly One[]): readonly One[] {
  return all.filter(({ options }) => Object.keys(options).length > 0);
}

function layerOwner({ name, options }: Owner): Owner {
  return { name: `the layer ${name}`, options };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function formatted(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=ts", `--line-width=${WIDTH_COLUMNS}`, "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`deno fmt refused what was written for it:\n${text}`);
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  for (const [path, text] of await optionTypeFiles()) {
    await Deno.writeTextFile(new URL(`../${path}`, import.meta.url), text);
  }
}

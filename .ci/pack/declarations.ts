/**
 * The types of the library as `.d.ts` files: those that its entries reach, and nothing else.
 *
 * `deno bundle --declaration` cannot import text (2.9.6), so TypeScript itself writes them.
 */

// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import ts from "npm:typescript@6.0.3";

/** Modules that are imported as text, which TypeScript cannot read. */
const TEXT_MODULES = ["*.css", "*.html", "*.js", "*.svg"]
  .map((name) => `declare module "${name}" { const text: string; export default text; }`)
  .join("\n");

/**
 * The declarations of some modules and of all that they reach, by path: `core/session.d.ts`.
 *
 * @param root the folder of the sources
 * @param entries paths of the modules in it
 */
export async function declarations(
  root: string,
  entries: readonly string[],
): Promise<Map<string, string>> {
  const emitted = await emit(root, entries);
  const reached = new Map<string, string>();
  const reach = (path: string) => {
    if (reached.has(path)) return;
    const text = emitted.get(path);
    if (text === undefined) throw new Error(`Cannot find the declarations of ${path}`);
    reached.set(path, published(text));
    for (const [, specifier = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const { pathname } = new URL(specifier, `file:///${path}`);
      reach(pathname.slice(1).replace(/\.ts$/, ".d.ts"));
    }
  };
  for (const entry of entries) reach(entry.replace(/\.ts$/, ".d.ts"));
  return reached;
}

async function emit(root: string, entries: readonly string[]): Promise<Map<string, string>> {
  const ambient = new Map([
    [`${root}/.deno.d.ts`, await denoTypes()],
    [`${root}/.text.d.ts`, TEXT_MODULES],
  ]);
  const options: ts.CompilerOptions = {
    declaration: true,
    emitDeclarationOnly: true,
    allowImportingTsExtensions: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ESNext,
    lib: ["lib.esnext.d.ts"],
    types: [],
    rootDir: root,
    outDir: root,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => ambient.has(path) || fileExists(path);
  host.getSourceFile = (path, target, ...rest) => {
    const text = ambient.get(path);
    return text === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, text, target);
  };
  const names = [...entries.map((entry) => `${root}/${entry}`), ...ambient.keys()];
  const emitted = new Map<string, string>();
  ts.createProgram(names, options, host)
    .emit(undefined, (path, text) => emitted.set(path.slice(root.length + 1), text));
  return emitted;
}

async function denoTypes(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["types"] }).output();
  return new TextDecoder().decode(stdout);
}

/** A declaration file as it is published: it imports its neighbours as JavaScript, and types of npm
 * packages, which are in the bundle and in no signature of the library, are unknown. */
function published(text: string): string {
  return text
    .replace(
      /^import type \{ ([^}]+) \} from "(?![.]|node:)[^"]+";$/gm,
      (_, names: string) =>
        names.split(",").map((name) => `type ${name.trim().split(" as ").at(-1)} = unknown;`).join(
          "\n",
        ),
    )
    .replace(/import\("(?![.]|node:)[^"]+"\)(?:\.\w+)+/g, "unknown")
    .replace(/typeof import\("(?![.]|node:)[^"]+"\)/g, "unknown")
    .replace(/((?:from|import\()\s*"\.[^"]+)\.ts"/g, '$1.js"');
}

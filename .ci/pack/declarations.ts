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
  return reached(await emit(root, entries), entries.map(declarationOf));
}

/** The declarations that entries need, of all that were emitted: those whose names they export, and
 * those that these name. Every name in a declaration counts, so rather too many are kept. */
function reached(
  emitted: ReadonlyMap<string, string>,
  entries: readonly string[],
): Map<string, string> {
  const kept = new Map<string, Set<ts.Statement>>();
  const files = new Map<string, ts.SourceFile>();
  const file = (path: string) => {
    const text = emitted.get(path);
    if (text === undefined) throw new Error(`Cannot find the declarations of ${path}`);
    const found = files.get(path) ?? ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
    files.set(path, found);
    if (!kept.has(path)) kept.set(path, new Set());
    return found;
  };
  /** Keeps what declares or imports a name in a file. */
  const need = (path: string, name: string) => {
    for (const statement of file(path).statements) {
      if (namesOf(statement).has(name)) keep(path, statement, name);
    }
  };
  const keep = (path: string, statement: ts.Statement, name?: string) => {
    const from = moduleOf(path, statement);
    if (from !== undefined) {
      kept.get(path)!.add(statement);
      // Under the name that it has there.
      for (const [here, there] of specifiersOf(statement)) {
        if (name === undefined || here === name) need(from, there);
      }
      return;
    }
    if (kept.get(path)!.has(statement)) return;
    kept.get(path)!.add(statement);
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) need(path, node.text);
      if (ts.isImportTypeNode(node)) {
        const { literal } = node.argument as ts.LiteralTypeNode;
        const target = neighbour(path, (literal as ts.StringLiteral).text);
        const first = node.qualifier?.getText().split(".")[0];
        if (target !== undefined && first !== undefined) need(target, first);
        else if (target !== undefined) file(target).statements.forEach((one) => keep(target, one));
      }
      ts.forEachChild(node, visit);
    };
    visit(statement);
  };
  for (const entry of entries) file(entry).statements.forEach((one) => keep(entry, one));
  return new Map(
    [...kept].map(([path, statements]) => {
      const texts = file(path).statements.filter((one) => statements.has(one))
        .map((one) => one.getFullText().trim());
      return [path, published(`${texts.join("\n")}\nexport {};\n`)];
    }),
  );
}

/** The names that a statement declares, imports or passes on. */
function namesOf(statement: ts.Statement): Set<string> {
  if (ts.isVariableStatement(statement)) {
    return new Set(statement.declarationList.declarations.map(({ name }) => name.getText()));
  }
  const { name } = statement as { name?: ts.Node };
  if (name !== undefined) return new Set([name.getText()]);
  return new Set(specifiersOf(statement).map(([here]) => here));
}

/** What an import or export names: the name here, and in the module that it is from. */
function specifiersOf(statement: ts.Statement): [here: string, there: string][] {
  const list = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement)
    ? statement.exportClause
    : undefined;
  if (list === undefined || !("elements" in list)) return [];
  return [...list.elements].map(({ name, propertyName }) => [
    name.getText(),
    (propertyName ?? name).getText(),
  ]);
}

/** The file from which a statement imports or exports, if it is one of ours. */
function moduleOf(path: string, statement: ts.Statement): string | undefined {
  const { moduleSpecifier } = statement as { moduleSpecifier?: ts.StringLiteral };
  return moduleSpecifier && neighbour(path, moduleSpecifier.text);
}

function neighbour(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return declarationOf(new URL(specifier, `file:///${path}`).pathname.slice(1));
}

const declarationOf = (path: string) => path.replace(/\.ts$/, ".d.ts");

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

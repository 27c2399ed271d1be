// The content type of a file, by the extension of its name.

/** Types that the standard table lacks, or has for something rarer on a developer's disk: there,
 * `.ts` is a video and `.rs` a list of telephone services. */
const OWN: Readonly<Record<string, string>> = {
  bash: "text/x-sh",
  cjs: "text/javascript",
  cts: "text/typescript",
  go: "text/x-go",
  jsonc: "application/jsonc",
  jsonl: "application/jsonl",
  lock: "text/plain",
  mts: "text/typescript",
  ndjson: "application/x-ndjson",
  py: "text/x-python",
  rb: "text/x-ruby",
  rs: "text/x-rust",
  sh: "text/x-sh",
  ts: "text/typescript",
  tsx: "text/typescript",
  vue: "text/x-vue",
};

const UNKNOWN = "application/octet-stream";

/** Finds the content type of a file by its name, with the charset for text. */
export type ContentTypes = (name: string) => string;

/** Loads the table, which is too large to load where no files are served. */
export async function loadContentTypes(): Promise<ContentTypes> {
  const { typeByExtension } = await import("@std/media-types/type-by-extension");
  return (name) => {
    const extension = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase();
    if (extension === undefined) return UNKNOWN;
    const type = Object.hasOwn(OWN, extension) ? OWN[extension] : typeByExtension(extension);
    if (type === undefined) return UNKNOWN;
    return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
  };
}

/** Whether files of a type become much smaller when they are compressed. */
export function isCompressible(contentType: string): boolean {
  const type = contentType.replace(/;.*$/s, "").trim();
  return /^text\/|[+/](?:json|xml)$|^image\/(?:bmp|vnd\.microsoft\.icon)$|^font\/(?:ttf|otf)$/
    .test(type) ||
    /^application\/(?:javascript|jsonc|jsonl|sql|toml|wasm|x-ndjson|x-sh|yaml)$/.test(type);
}

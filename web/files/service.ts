// Answers the requests to a served folder: finds what the path leads to, and passes the request on
// to files, listings, archives or uploads.

import type { HttpService, QuickAnswer, QuickRequest } from "../../core/http/app.ts";
import { errorText, type Tell } from "../../core/event.ts";
import { plainReadyAnswer, plainResponse } from "../../core/http/plain_response.ts";
import type { ReadyAnswer } from "../../core/http/ready_answer.ts";
import { requestPath } from "../request/path.ts";
import type { CrossOrigin } from "./cross_origin.ts";
import { fileResponse, type FileSource } from "./serving/file_response.ts";
import type { ServedFile } from "./serving/file_store.ts";
import { acceptsType } from "../request/accepts_type.ts";
import type { Located } from "./access/located.ts";
import { RecentMisses } from "./serving/recent_misses.ts";
import { quickAnswer } from "./serving/quick_answer.ts";

interface FileServiceSettings extends FileSource {
  /** The names of index files, the preferred one first. */
  readonly index: readonly string[];
  readonly spa: boolean;
  readonly listing: boolean;
  readonly archive: boolean;
  readonly upload: boolean;
  /** Whether uploading takes a name and a password, as the page says. */
  readonly asksPassword: boolean;
  readonly overwrite: boolean;
  readonly maxUploadBytes: number;
  readonly crossOrigin: CrossOrigin | null;
  /** Header fields of every response. */
  readonly fields: Readonly<Record<string, string>>;
  readonly emit: Tell | undefined;
}

type Found =
  | { readonly kind: "file"; readonly file: ServedFile }
  | { readonly kind: "folder"; readonly folder: Located }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "nothing" };

/** The bytes that a form may have besides its largest file. */
const FORM_BYTES = 1024 * 1024;

const NOT_FOUND = "Not Found";
const MOVED = "Moved: folders end in a slash.";

const NOTHING: Found = { kind: "nothing" };

export class FileService implements HttpService {
  readonly #settings: FileServiceSettings;
  /** Whether responses need further header fields (CORS, those of the user). */
  readonly #decorates: boolean;
  /** Whether the fields of responses with a file are the same for every request. */
  readonly #complete: boolean;
  /** The answer for paths that lead nowhere; null when no answer can be kept ready. */
  readonly #notFound: ReadyAnswer | null;
  readonly #misses: RecentMisses;
  readonly #allow: string;
  readonly maxBodyBytes: number;
  readonly #ending = new AbortController();
  #cleaning: Promise<void> | undefined;

  constructor(settings: FileServiceSettings) {
    this.#settings = settings;
    this.#decorates = settings.crossOrigin !== null || Object.keys(settings.fields).length > 0;
    this.#complete = settings.crossOrigin === null || settings.crossOrigin.any;
    const isReady = this.#complete &&
      /^[\t\x20-\x7e]*$/.test(Object.values(settings.fields).join(""));
    this.#notFound = isReady ? plainReadyAnswer(404, NOT_FOUND, this.#everyField()) : null;
    this.#misses = new RecentMisses(settings.now);
    this.maxBodyBytes = FORM_BYTES + (settings.upload ? settings.maxUploadBytes : 0);
    this.#allow = settings.upload ? "GET, HEAD, OPTIONS, POST, PUT" : "GET, HEAD, OPTIONS";
    if (settings.upload) this.#clean();
  }

  readonly handle = (request: Request): Response | Promise<Response> => {
    const { method, url } = request;
    if (method === "GET" || method === "HEAD") {
      const path = requestPath(url);
      const file = this.#settings.store.fresh(path);
      // The query of a folder's own path may ask for an archive instead.
      if (file !== undefined && !(file.isIndex && url.includes("?"))) {
        const response = fileResponse(request, method, file, this.#settings);
        // Responses with a file have their fields already, unless those depend on the Origin.
        if (response instanceof Response && (this.#complete && response.status < 400)) {
          return response;
        }
        return this.#answer(request, async () => await response ?? this.#read(request, method));
      }
      return this.#answer(request, () => this.#read(request, method));
    }
    if (method === "OPTIONS") return this.#answer(request, () => this.#options(request));
    if (this.#settings.upload && (method === "PUT" || method === "POST")) {
      return this.#answer(request, () => this.#receive(request));
    }
    return this.#answer(request, () => this.#notAllowed());
  };

  readonly quick = (
    request: QuickRequest,
  ): QuickAnswer | null | Promise<QuickAnswer | null> => {
    // Fields that depend on the Origin, or are not pure ASCII, are left to `handle`.
    if (this.#notFound === null) return null;
    const { method, path, query } = request;
    const { store, now } = this.#settings;
    const file = store.fresh(path);
    if (file !== undefined) {
      // The query of a folder's own path may ask for an archive instead.
      return file.isIndex && this.#wants(query) !== null ? null : this.#quickFile(request, file);
    }
    const miss = this.#misses.get(path);
    return miss !== undefined && (query === "" || miss === this.#notFound)
      ? miss.to(method, now())
      : this.#findQuickly(request, this.#notFound);
  };

  /** The answer with a file; null after an error, which `handle` answers. */
  #quickFile(
    request: QuickRequest,
    file: ServedFile,
  ): QuickAnswer | null | Promise<QuickAnswer | null> {
    try {
      const answer = quickAnswer(request, file, this.#settings);
      return answer instanceof Promise ? answer.catch(() => null) : answer;
    } catch {
      return null;
    }
  }

  /** The answer with a file, with the way to a folder, or that there is nothing; null for anything
   * else and after an error, which `handle` answers. */
  async #findQuickly(
    request: QuickRequest,
    notFound: ReadyAnswer,
  ): Promise<QuickAnswer | null> {
    const { method, path, query } = request;
    const { spa, now } = this.#settings;
    const foundMs = now();
    let found: Found;
    try {
      found = await this.#find(path, query);
      if (found.kind === "file") return await quickAnswer(request, found.file, this.#settings);
    } catch {
      return null;
    }
    // In a single-page application the answer to nothing depends on the Accept header.
    if (found.kind === "folder" || (found.kind === "nothing" && spa)) return null;
    const answer = found.kind === "nothing" ? notFound : this.#readyRedirect(found.location);
    // The way to a folder keeps the query.
    if (query === "" || answer === notFound) this.#misses.set(path, answer, foundMs);
    return answer.to(method, now());
  }

  #readyRedirect(location: string): ReadyAnswer {
    return plainReadyAnswer(301, MOVED, { location, ...this.#everyField() });
  }

  /** The fields that every response has, whatever the request. */
  #everyField(): Readonly<Record<string, string>> {
    const { crossOrigin, fields } = this.#settings;
    return { ...crossOrigin?.fields, ...fields };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { upload, root, store } = this.#settings;
    this.#ending.abort();
    await this.#cleaning;
    store[Symbol.dispose]();
    if (upload) await (await import("./upload/receive.ts")).endUploads(root);
  }

  /** Removes what a server that was killed has left of its uploads, while requests are answered. */
  #clean(): void {
    const { root, emit, now } = this.#settings;
    const clean = async () => {
      const { removeLeftovers } = await import("./upload/leftovers.ts");
      const removed = await removeLeftovers(root, now(), this.#ending.signal);
      if (removed === 0) return;
      const what = removed === 1 ? "1 unfinished upload" : `${removed} unfinished uploads`;
      emit?.({ event: "notice", text: `${what} of more than a day ago removed from ${root.path}` });
    };
    this.#cleaning = clean().catch((error) => {
      emit?.({ event: "notice", text: `unfinished uploads not removed: ${errorText(error)}` });
    });
  }

  /** Turns errors of the file system into answers, and adds the fields that every answer has. */
  async #answer(request: Request, make: () => Response | Promise<Response>): Promise<Response> {
    let response: Response;
    try {
      response = await make();
    } catch (error) {
      const answer = fileErrorResponse(error);
      if (answer === null) throw error;
      response = answer;
    }
    if (!this.#decorates) return response;
    const { crossOrigin } = this.#settings;
    const { headers } = response;
    for (const [name, value] of Object.entries(this.#everyField())) {
      if (name !== "vary") headers.set(name, value);
      else if (!headers.get("vary")?.includes(value)) headers.append("vary", value);
    }
    for (const [name, value] of Object.entries(crossOrigin?.fieldsFor(request) ?? {})) {
      headers.set(name, value);
    }
    return response;
  }

  #options(request: Request): Response {
    return this.#settings.crossOrigin?.preflight(request) ??
      new Response(null, { status: 204, headers: { allow: this.#allow } });
  }

  #notAllowed(): Response {
    return plainResponse(405, "Method Not Allowed", { allow: this.#allow });
  }

  async #read(request: Request, method: "GET" | "HEAD"): Promise<Response> {
    const path = requestPath(request.url);
    // At the second attempt the file is sent even if it keeps changing.
    for (const again of [false, true]) {
      const found = await this.#find(path, queryOf(request.url));
      if (found.kind === "redirect") return redirect(found.location);
      if (found.kind === "folder") return await this.#folder(request, found.folder);
      if (found.kind === "nothing") return await this.#fallback(request, method);
      const response = await fileResponse(request, method, found.file, this.#settings, again);
      if (response !== null) return response;
      this.#settings.store.forget(path);
    }
    return plainResponse(503, "The file is being replaced; try again.", { "retry-after": "1" });
  }

  async #find(path: string, query: string): Promise<Found> {
    const { root, store, index } = this.#settings;
    const located = await root.locate(path);
    if (located?.kind === "file") return await this.#load(path, path, located, false);
    store.forget(path);
    if (located === null) return NOTHING;
    if (!path.endsWith("/")) return { kind: "redirect", location: locationOf(located, query) };
    if (this.#wants(query) !== null) return { kind: "folder", folder: located };
    for (const name of index) {
      const indexPath = path + encodeURIComponent(name);
      const file = await root.locate(indexPath);
      if (file?.kind === "file") return await this.#load(path, indexPath, file, true);
    }
    return { kind: "folder", folder: located };
  }

  async #load(key: string, path: string, located: Located, isIndex: boolean): Promise<Found> {
    const file = await this.#settings.store.load(key, path, located, isIndex);
    return file === null ? NOTHING : { kind: "file", file };
  }

  /** The form of a folder that the query asks for in place of the index file. */
  #wants(query: string): "zip" | "tar" | "json" | null {
    if (query === "") return null;
    const { archive, listing } = this.#settings;
    const asked = new URLSearchParams(query);
    if (archive && asked.has("zip")) return "zip";
    if (archive && asked.has("tar")) return "tar";
    return listing && asked.has("json") ? "json" : null;
  }

  async #folder(request: Request, folder: Located): Promise<Response> {
    const { root, listing, archive, upload, asksPassword, overwrite, maxUploadBytes, now } =
      this.#settings;
    const wanted = this.#wants(queryOf(request.url));
    if (wanted === "zip" || wanted === "tar") {
      const { archiveResponse } = await import("./archive/response.ts");
      return await archiveResponse(request, folder, wanted, root);
    }
    if (!listing) return notFound();
    const { listingResponse } = await import("./listing/response.ts");
    const settings = { upload, asksPassword, archive, overwrite, maxUploadBytes, now };
    return await listingResponse(request, folder, root, settings);
  }

  /** The answer for a path that leads nowhere: the root's index file when that is a single-page
   * application and the client asks for a page, otherwise 404. */
  async #fallback(request: Request, method: "GET" | "HEAD"): Promise<Response> {
    if (!this.#settings.spa || !acceptsType(request, "text/html")) return notFound();
    const found = await this.#find("/", "");
    if (found.kind !== "file") return notFound();
    const response = await fileResponse(request, method, found.file, this.#settings, true);
    if (response === null) return notFound();
    response.headers.append("vary", "accept");
    return response;
  }

  async #receive(request: Request): Promise<Response> {
    const { root, store, overwrite, maxUploadBytes } = this.#settings;
    const path = requestPath(request.url);
    const located = await root.locate(path);
    const target = located?.kind === "folder"
      ? { folder: located, name: null }
      : await root.newFile(path);
    if (target === null) {
      return plainResponse(404, "There is no such folder, or no file can have this name.");
    }
    const { receiveUpload } = await import("./upload/receive.ts");
    const entityTag = (file: Located) => store.entityTag(file);
    try {
      return await receiveUpload(request, target, root, { overwrite, maxUploadBytes, entityTag });
    } finally {
      store.clear();
      this.#misses.clear();
    }
  }
}

function notFound(): Response {
  return plainResponse(404, NOT_FOUND);
}

function redirect(location: string): Response {
  return plainResponse(301, MOVED, { location });
}

/** The location of a folder that was requested without its slash. It is relative, so that it is
 * right behind a proxy too, and one encoded name, so that it can lead nowhere else. */
function locationOf(folder: Located, query: string): string {
  const name = folder.urlPath.split("/").at(-2) ?? "";
  const safe = query.toWellFormed().replace(/[^\x21-\x7e]/g, encodeURIComponent);
  return `${encodeURIComponent(name.toWellFormed())}/${safe}`;
}

/** The query with its question mark, or an empty string. */
function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start);
}

/** The answer to an error of the file system that is no fault of the server; null for others. */
function fileErrorResponse(error: unknown): Response | null {
  if (
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
  ) return plainResponse(403, "Forbidden");
  if (error instanceof Deno.errors.NotFound) return plainResponse(404, "Not Found");
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  if (code === "EMFILE" || code === "ENFILE") {
    return plainResponse(503, "Too many files are open; try again soon.", { "retry-after": "1" });
  }
  return null;
}

// Receives uploads: a form with files (POST, RFC 7578) or one file (PUT, RFC 9110 9.3.4). Bytes are
// written to a temporary file as they arrive, and files get their names when the request is
// complete; a request that fails leaves nothing behind.

import { type FileOperations, occupied } from "../../../core/files/place_file.ts";
import { FolderSync } from "../../../core/files/folder_sync.ts";
import { pathIn } from "../../../core/files/linkless_paths.ts";
import {
  isDeviceOnWindows,
  isHiddenName,
  isTemporaryName,
  unreadable,
} from "../../../core/files/plain_name.ts";
import { requestPath } from "../../request/path.ts";
import type { Located } from "../access/located.ts";
import { forgetListings } from "../listing/cache.ts";
import { multipartBoundary, MultipartError, readMultipart } from "../../multipart/reader.ts";
import type { FileRoot } from "../access/root.ts";
import { refusedUpload, type StoredFile, storedFile, storedForm } from "./answer.ts";
import { UploadBody } from "./body.ts";
import { allowsUpload, conditionsOf } from "../../request/conditions.ts";
import { onDisk, UploadError } from "./error.ts";
import { TransferSlots } from "../../../core/files/transfer_slots.ts";
import { TemporaryFile } from "./temporary_file.ts";

/** The target of an upload: a folder, and the name of the file in it when the URL gives one. */
interface UploadTarget {
  readonly folder: Located;
  readonly name: string | null;
}

export interface UploadSettings {
  /** Whether a file of the same name is replaced. */
  readonly overwrite: boolean;
  readonly maxUploadBytes: number;
  /** The ETag that a file is served with when it has no content coding. */
  readonly entityTag: (file: Located) => string | Promise<string>;
  /** The file system; tests let it fail. @default Deno's own */
  readonly operations?: FileOperations;
}

/** Limit of the uploads to one root at the same time. */
const MAX_UPLOADS = 64;

/** Time after which an upload that stalls gives way to others, if all places are taken. */
const STALLED_MS = 5000;

const MULTIPART_LIMITS = { maxParts: 1000, maxHeaderBytes: 8192 } as const;
const MAX_FILES = 100;
const MAX_FIELD_BYTES = 64 * 1024;

interface UnderWay {
  readonly body: UploadBody;
  readonly done: Promise<void>;
}

/** The uploads to one root. */
class Uploads {
  readonly underWay = new Set<UnderWay>();
  readonly slots = new TransferSlots(MAX_UPLOADS, STALLED_MS);
  readonly folders = new FolderSync();
}

const uploadsOf = new WeakMap<FileRoot, Uploads>();

/** Stops the uploads into a root, and waits until their temporary files are removed. */
export async function endUploads(root: FileRoot): Promise<void> {
  const uploads = [...uploadsOf.get(root)?.underWay ?? []];
  for (const { body } of uploads) body.stop(new UploadError(503, "The server is stopping."));
  await Promise.all(uploads.map(({ done }) => done));
}

/** Stores the files of a request and answers it. Mistakes of the client become answers too.
 *
 * @throws {Error} when the disk fails */
export async function receiveUpload(
  request: Request,
  target: UploadTarget,
  root: FileRoot,
  settings: UploadSettings,
): Promise<Response> {
  const uploads = uploadsOf.get(root) ?? new Uploads();
  uploadsOf.set(root, uploads);
  const body = new UploadBody(request);
  using slot = uploads.slots.take(() => {
    body.stop(new UploadError(408, "The file came too slowly, and others were waiting."));
  });
  if (slot === null) {
    return await refusedUpload(request, 503, "Too many files are being stored; try again soon.");
  }
  body.slot = slot;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const upload = { body, done };
  uploads.underWay.add(upload);
  try {
    return await (request.method === "PUT" ? receiveFile : receiveForm)(
      { request, target, root, settings, body, folders: uploads.folders },
    );
  } catch (error) {
    if (error instanceof UploadError) {
      return await refusedUpload(request, error.status, error.message);
    }
    if (!(error instanceof MultipartError)) throw error;
    return await refusedUpload(request, error.status, `The form cannot be read: ${error.message}.`);
  } finally {
    uploads.underWay.delete(upload);
    resolve();
  }
}

interface Upload {
  readonly request: Request;
  readonly target: UploadTarget;
  readonly root: FileRoot;
  readonly settings: UploadSettings;
  readonly body: UploadBody;
  readonly folders: FolderSync;
}

async function receiveFile(upload: Upload): Promise<Response> {
  const { request, target: { folder, name }, root, settings, body } = upload;
  const { headers } = request;
  if (name === null) {
    throw new UploadError(409, "This is a folder; put a file into it by adding its name.");
  }
  if (headers.has("content-range")) {
    throw new UploadError(400, "A part of a file cannot be stored: send all of it.");
  }
  if ((headers.get("content-encoding") ?? "identity").toLowerCase() !== "identity") {
    throw new UploadError(415, "The body is encoded; send it as it is.");
  }
  if (Number(headers.get("content-length") ?? 0) > settings.maxUploadBytes) {
    throw tooLarge(settings);
  }
  await checkName(upload, name);
  await checkCondition(upload);

  await using file = await TemporaryFile.create(folder, root, settings.operations);
  for (let piece = await body.read(); piece !== null; piece = await body.read()) {
    await store(file, piece, settings);
  }
  await file.finish();
  const { overwrite } = settings;
  // Uploads to one path take turns: otherwise two could find the same condition met, and the second
  // would replace what the first has just stored.
  const placed = await oneByOne(`${folder.path}/${name}`, async () => {
    await checkCondition(upload);
    return await file.place(name, overwrite);
  });
  forgetListings(root, folder);
  await upload.folders.sync(folder.path);
  const stored = { name, bytes: file.bytes, replaced: placed === "replaced" };
  const now = await fileAt(request, root);
  return storedFile(request, stored, now === null ? null : await settings.entityTag(now));
}

async function receiveForm(upload: Upload): Promise<Response> {
  const { request, target: { folder, name }, root, settings, body } = upload;
  const boundary = multipartBoundary(request.headers.get("content-type"));
  if (boundary === null) {
    throw new UploadError(415, "Files are sent as multipart/form-data, or one by one with PUT.");
  }
  if (name !== null) throw new UploadError(405, "Forms are sent to a folder.");

  await using cleanup = new AsyncDisposableStack();
  const files = new Map<string, TemporaryFile>();
  for await (const part of readMultipart(body, boundary, MULTIPART_LIMITS)) {
    const sent = part.fileName;
    // Browsers send a file input without a chosen file with an empty name.
    if (sent === null || sent === "") {
      await passOver(part.body);
      continue;
    }
    const name = lastName(sent);
    await checkName(upload, name);
    if (files.has(name)) {
      throw new UploadError(400, `Two files are called ${JSON.stringify(name)}.`);
    }
    if (files.size >= MAX_FILES) throw new UploadError(413, `More than ${MAX_FILES} files came.`);
    const file = cleanup.use(await TemporaryFile.create(folder, root, settings.operations));
    files.set(name, file);
    for await (const piece of part.body) await store(file, piece, settings);
    await file.finish();
  }
  if (files.size === 0) throw new UploadError(400, "The form holds no file.");

  const stored: StoredFile[] = [];
  try {
    for (const [name, file] of files) {
      const placed = await file.place(name, settings.overwrite);
      stored.push({ name, bytes: file.bytes, replaced: placed === "replaced" });
    }
  } catch (error) {
    if (!(error instanceof UploadError) || stored.length === 0) throw error;
    const names = stored.map(({ name }) => JSON.stringify(name)).join(", ");
    throw new UploadError(error.status, `${error.message} Stored before it: ${names}.`);
  } finally {
    forgetListings(root, folder);
  }
  await upload.folders.sync(folder.path);
  return storedForm(request, stored);
}

async function store(
  file: TemporaryFile,
  piece: Uint8Array,
  settings: UploadSettings,
): Promise<void> {
  if (file.bytes + piece.length > settings.maxUploadBytes) throw tooLarge(settings);
  await file.write(piece);
}

/** Refuses a name before the content arrives. */
async function checkName(upload: Upload, name: string): Promise<void> {
  const { root, target: { folder }, settings: { overwrite } } = upload;
  const problem = nameProblem(name, root);
  if (problem !== null) {
    const shown = JSON.stringify(name.slice(0, 100));
    throw new UploadError(400, `The name ${shown} ${problem}.`);
  }
  // With a condition, 412 says more than 409.
  if (overwrite || upload.request.headers.has("if-none-match")) return;
  if (await isTaken(pathIn(folder.path, name), root)) {
    throw new UploadError(409, occupied(name, overwrite));
  }
}

async function checkCondition({ request, root, settings }: Upload): Promise<void> {
  const conditions = conditionsOf((name) => request.headers.get(name));
  if (conditions === null) return;
  const file = await fileAt(request, root);
  const current = file === null ? null : {
    etag: await settings.entityTag(file),
    modified: Math.floor(file.modifiedMs / 1000),
  };
  if (!allowsUpload(conditions, current, Date.now())) {
    throw new UploadError(412, "What is there now is not what the request expects.");
  }
}

/** The file at a request's path, if there is one. */
async function fileAt({ url }: Request, root: FileRoot): Promise<Located | null> {
  const found = await onDisk(() => root.locate(requestPath(url)));
  return found?.kind === "file" ? found : null;
}

function isTaken(path: string, { linkless }: FileRoot): Promise<boolean> {
  return onDisk(async () => {
    try {
      await linkless.lstat(path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

async function passOver(body: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_FIELD_BYTES) throw new UploadError(413, "A field of the form is too long.");
  }
}

function tooLarge({ maxUploadBytes }: UploadSettings): UploadError {
  return new UploadError(413, `A file may have at most ${maxUploadBytes} bytes.`);
}

const lastAt = new Map<string, Promise<unknown>>();

/** Runs work on the same path one at a time. */
async function oneByOne<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = lastAt.get(path) ?? Promise.resolve();
  const running = before.then(work, work);
  lastAt.set(path, running);
  try {
    return await running;
  } finally {
    if (lastAt.get(path) === running) lastAt.delete(path);
  }
}

/** The last name of a path, because some clients send the whole path of the file. */
function lastName(sent: string): string {
  return sent.slice(Math.max(sent.lastIndexOf("/"), sent.lastIndexOf("\\")) + 1);
}

/** Why a file may not have a name, to complete "The name ... "; null when it may.
 * More are refused than the disk would refuse, because names are shown to people and used by other
 * systems. */
function nameProblem(name: string, root: FileRoot): string | null {
  if (name === "") return "is empty";
  const hidden = unreadable(name);
  if (hidden !== null) return hidden;
  if (isDeviceOnWindows(name)) return "is that of a device on Windows";
  if (isTemporaryName(name)) return "is kept for uploads under way";
  if (isHiddenName(name) && !/^\.\.?$/.test(name) && !root.acceptsName(name)) {
    return "begins with a dot, and such files are hidden here";
  }
  return root.acceptsName(name) ? null : "cannot be that of a file";
}

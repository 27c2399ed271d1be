/** What the tests of uploads share: a folder that receives files, and forms to send to it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Located } from "../../../../web/files/access/located.ts";
import { FileRoot } from "../../../../web/files/access/root.ts";
import { receiveUpload, type UploadSettings } from "../../../../web/files/upload/receive.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

/** What uploads are held to here. */
export const SETTINGS: UploadSettings = {
  overwrite: false,
  maxUploadBytes: 1024 * 1024,
  entityTag: ({ bytes, modifiedMs, inode }) => `"${bytes}-${modifiedMs}-${inode}"`,
};

/** A folder that receives files, inside another one that must not change. */
export class Target implements AsyncDisposable {
  readonly outside: string;
  readonly path: string;
  readonly root: FileRoot;
  readonly #owned: AsyncDisposableStack;

  private constructor(outside: string, root: FileRoot, owned: AsyncDisposableStack) {
    this.outside = outside;
    this.path = root.path;
    this.root = root;
    this.#owned = owned;
  }

  static async create(hidden = false): Promise<Target> {
    await using starting = new AsyncDisposableStack();
    const { path } = starting.use(await temporaryFolder());
    await Deno.mkdir(`${path}/in/sub`, { recursive: true });
    const root = await FileRoot.open(`${path}/in`, { hidden });
    return new Target(path, root, starting.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }

  async folder(path = "/"): Promise<Located> {
    const found = await this.root.locate(path);
    assert(found !== null);
    return found;
  }

  /** Sends one file as it is. */
  async put(
    path: string,
    body: BodyInit | null,
    given: { headers?: HeadersInit; settings?: Partial<UploadSettings> } = {},
  ): Promise<Response> {
    const request = new Request(`http://localhost${path}`, {
      method: "PUT",
      body,
      ...(given.headers === undefined ? {} : { headers: given.headers }),
    });
    const target = await this.root.newFile(path);
    assert(target !== null, path);
    return await receiveUpload(request, target, this.root, { ...SETTINGS, ...given.settings });
  }

  /** Sends a form. */
  async post(
    body: BodyInit | null,
    given: { headers?: HeadersInit; settings?: Partial<UploadSettings> } = {},
  ): Promise<Response> {
    const request = new Request("http://localhost/", {
      method: "POST",
      body,
      ...(given.headers === undefined ? {} : { headers: given.headers }),
    });
    const target = { folder: await this.folder(), name: null };
    return await receiveUpload(request, target, this.root, { ...SETTINGS, ...given.settings });
  }

  read(name: string): Promise<string> {
    return Deno.readTextFile(`${this.path}/${name}`);
  }

  /** Every name, also those of what should not be there. */
  async names(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.path), ({ name }) => name)).sort();
  }
}

/** A form of files by their names. */
export function formOf(files: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, content] of Object.entries(files)) {
    form.append("file", new File([content], name));
  }
  return form;
}

/** A form with one file, written out so that its name is as given. */
export function rawForm(fileName: string, content = "x"): [body: string, headers: HeadersInit] {
  const body = `--B\r\nContent-Disposition: form-data; name="f"; filename="${fileName}"\r\n\r\n` +
    `${content}\r\n--B--\r\n`;
  return [body, { "content-type": "multipart/form-data; boundary=B" }];
}

/** Asserts that an upload was refused with a status, for a reason. */
export async function refused(response: Response, status: number, reason: string): Promise<void> {
  const text = await response.text();
  assertEquals(response.status, status, text);
  assertStringIncludes(text, reason);
}

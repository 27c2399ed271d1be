// Opens the service of `files`: checks its options and its folder.

import type { HttpService } from "../../core/http/app.ts";
import type { Context } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { loadContentTypes } from "./serving/content_type.ts";
import { crossOrigin } from "./cross_origin.ts";
import { FileService } from "./service.ts";
import { FileStore } from "./serving/file_store.ts";
import { isPlainName } from "../../core/files/plain_name.ts";
import { FileRoot } from "./access/root.ts";
import type { FilesOptions } from "./options.ts";
import { fieldValue, responseHeaders } from "../response/headers.ts";

/** The policy for pages of a folder that takes uploads: they are not trusted, so their scripts run
 * in an opaque origin and cannot read, store or change anything here. */
const SANDBOX = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

/** @throws {UsageError} when there is no such folder, or an option is invalid */
export async function openFiles(given: FilesOptions, { emit, now }: Context): Promise<HttpService> {
  for (const name of given.index) {
    if (!isPlainName(name)) {
      throw new UsageError(`--index: expected the name of a file, got ${JSON.stringify(name)}`);
    }
  }
  const { cacheControl, precompressed, compress, fileCacheBytes } = given;
  const across = crossOrigin(given.cors, given.corsOrigin);
  const fields = responseHeaders(given.responseHeader);
  const listed = given.listing || given.archive;
  const root = await FileRoot.open(given.root, { hidden: given.hidden, listed });
  const store = new FileStore(root, {
    precompressed,
    compress,
    fileCacheBytes,
    contentTypes: await loadContentTypes(),
    fields: {
      ...(cacheControl !== undefined &&
        { "cache-control": fieldValue(cacheControl, "--cache-control") }),
      ...(given.upload && { "content-security-policy": SANDBOX }),
      ...across?.fields,
      ...fields,
    },
    now,
  });
  return new FileService({
    ...given,
    asksPassword: given.authUpload !== undefined,
    crossOrigin: across,
    fields,
    root,
    store,
    now,
    emit,
  });
}

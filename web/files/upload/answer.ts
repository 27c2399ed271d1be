// The responses to an upload: JSON or a line of text for programs, a page for a browser's form.

import { plainResponse } from "../../../core/http/plain_response.ts";
import { requestPath } from "../../request/path.ts";
import { acceptsType } from "../../request/accepts_type.ts";

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly replaced: boolean;
}

/** The answer to a form: JSON, a way back to the folder for browsers, or a line for each file. */
export function storedForm(request: Request, files: readonly StoredFile[]): Response {
  if (acceptsType(request, "application/json")) return jsonResponse(201, { files });
  if (acceptsType(request, "text/html")) {
    // After a redirect, reloading the page does not send the form again.
    return plainResponse(303, "Stored.", { location: folderPath(request), vary: "accept" });
  }
  const lines = files.map(({ name, bytes }) => `Stored ${name} (${bytes} bytes)`);
  return plainResponse(201, lines.join("\n"), { vary: "accept" });
}

/** The answer to a PUT that stored its file. */
export function storedFile(request: Request, file: StoredFile, entityTag: string | null): Response {
  const location = requestPath(request.url);
  const headers = { location, ...(entityTag === null ? {} : { etag: entityTag }) };
  if (file.replaced) return new Response(null, { status: 204, headers });
  if (acceptsType(request, "application/json")) {
    return jsonResponse(201, { files: [file] }, headers);
  }
  return plainResponse(201, `Stored ${file.name} (${file.bytes} bytes)`, {
    ...headers,
    vary: "accept",
  });
}

export async function refusedUpload(
  request: Request,
  status: number,
  message: string,
): Promise<Response> {
  const headers: Record<string, string> = status === 503 ? { "retry-after": "5" } : {};
  if (acceptsType(request, "application/json")) {
    return jsonResponse(status, { error: message }, headers);
  }
  if (acceptsType(request, "text/html")) {
    const { messagePage } = await import("../listing/page.ts");
    const path = folderPath(request);
    return await messagePage(status, { title: "Not stored", message, back: path }, headers);
  }
  return plainResponse(status, message, { ...headers, vary: "accept" });
}

function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: {
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      vary: "accept",
      ...headers,
    },
  });
}

/** The path of the folder that a form was sent to, or that a file is in. */
function folderPath({ url, method }: Request): string {
  const path = requestPath(url);
  if (method === "PUT") return path.slice(0, path.lastIndexOf("/") + 1);
  return path.endsWith("/") ? path : `${path}/`;
}

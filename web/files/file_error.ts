// What the errors of a file system mean to a client.

import { plainResponse } from "../../core/http/plain_response.ts";

/** The answer for an error that does not mean that the server is broken, or null. */
export function fileErrorResponse(error: unknown): Response | null {
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

// Explains the error of a failed connection attempt, with the remedy.

import { errorText } from "../core/event.ts";
import { UsageError } from "../core/usage_error.ts";

/** Runs `dial` and turns its failure into an error that names the URL and the remedy. */
export async function dialling<T>(url: string, dial: () => T | Promise<T>): Promise<T> {
  try {
    return await dial();
  } catch (error) {
    // A usage error does not depend on the peer, and is passed on.
    if (error instanceof UsageError) throw error;
    throw new Error(`Cannot connect to ${url}: ${reason(error, /^unix/i.test(url))}`, {
      cause: error,
    });
  }
}

function reason(error: unknown, isPath: boolean): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (error instanceof Deno.errors.ConnectionRefused || code === "ECONNREFUSED") {
    return isPath
      ? "connection refused; the socket's server is gone"
      : "connection refused; nothing listens there";
  }
  if (error instanceof Deno.errors.NotFound || code === "ENOENT") return "there is no such socket";
  if (error instanceof Deno.errors.PermissionDenied || code === "EACCES") {
    return isPath
      ? "permission denied; the socket's file is not yours to write"
      : "permission denied";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno was not given the permission: ${errorText(error)}`;
  }
  // For an address that this machine does not have, Deno's node:net reports EINVAL.
  const isUnbound = code === "EINVAL" &&
    (error as { readonly syscall?: unknown }).syscall === "bind";
  if (code === "EADDRNOTAVAIL" || isUnbound || error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such local address";
  }
  if (code === "EADDRINUSE" || error instanceof Deno.errors.AddrInUse) {
    return isPath ? "the local socket is in use" : "the local port is in use";
  }
  return errorText(error);
}

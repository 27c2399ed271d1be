// Explains the error of a socket that could not be opened, with the remedy.

import { permittedVariable } from "../../core/environment.ts";
import { errorText } from "../../core/event.ts";
import { UsageError } from "../../core/usage_error.ts";

/** Runs `listen` and turns its failure into an error that names the URL and the remedy.
 * @param port the port in the URL; undefined where the socket has a path */
export async function listening<T>(
  url: string,
  port: number | undefined,
  listen: () => T | Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new Error(`Cannot listen on ${url}: ${reason(error, port)}`, { cause: error });
  }
}

/** Whether an endpoint could not be opened because another socket has its address.
 * @param error what `listening` throws */
export function isAddressInUse(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  // node:net has its own word for it.
  return cause instanceof Deno.errors.AddrInUse ||
    cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
}

function reason(error: unknown, port: number | undefined): string {
  // Sockets of node: have codes instead of classes.
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (error instanceof Deno.errors.AddrInUse || code === "EADDRINUSE") {
    if (permittedVariable("LISTEN_PID") === String(Deno.pid)) {
      return "it is in use; a service manager passed sockets to this process, which are served as " +
        "tcp://fd:3, unix://fd:3 and so on";
    }
    return port === undefined
      ? "the socket file exists already; remove it if nothing uses it"
      : `port ${port} is in use; choose another, or :0 for any free one`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable || code === "EADDRNOTAVAIL") {
    return "this machine has no such address";
  }
  if (error instanceof Deno.errors.PermissionDenied || code === "EACCES") {
    return port === undefined
      ? "permission denied; the folder of the socket has to be one that you may write to"
      : "permission denied (ports below 1024 need privileges)";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno was not given the permission: ${errorText(error)}`;
  }
  if (error instanceof Deno.errors.NotADirectory) {
    return "the way to the socket leads through a file";
  }
  if (error instanceof Deno.errors.NotFound) return "the folder of the socket does not exist";
  return errorText(error);
}

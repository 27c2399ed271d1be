// The sockets that a service manager opened and passed to this process, as systemd does
// (sd_listen_fds(3)): LISTEN_FDS of them, from descriptor 3 on, with the names of LISTEN_FDNAMES, meant
// for the process LISTEN_PID.

import { isPermittedVariable, permittedVariable } from "../../core/environment.ts";
import { UsageError } from "../../core/usage_error.ts";

const FIRST_DESCRIPTOR = 3;
const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] as const;

type ReadVariable = (name: (typeof VARIABLES)[number]) => string | undefined;

/** Finds a passed socket.
 * @param wanted its number, or its name
 * @param text the URL that asks for it
 * @throws {UsageError} when it was not passed to this process, with the remedy */
export function passedDescriptor(
  wanted: string,
  text: string,
  read: ReadVariable = readPermitted,
  pid: number = Deno.pid,
): number {
  const names = passedNames(text, read, pid);
  const all = names.map((name, at) => ({ name, fd: FIRST_DESCRIPTOR + at }));
  if (/^\d+$/.test(wanted)) {
    if (all.some(({ fd }) => String(fd) === wanted)) return Number(wanted);
    throw new UsageError(`${text}: descriptor ${wanted} was not passed; ${shown(all)}`);
  }
  const [found, second] = all.filter(({ name }) => name === wanted);
  if (found === undefined) {
    throw new UsageError(`${text}: no socket was passed by the name ${wanted}; ${shown(all)}`);
  }
  if (second !== undefined) {
    throw new UsageError(
      `${text}: several sockets were passed by the name ${wanted}; give a number; ${shown(all)}`,
    );
  }
  return found.fd;
}

/** The names of the sockets that were passed, empty where one has none. */
function passedNames(text: string, read: ReadVariable, pid: number): readonly string[] {
  const count = read("LISTEN_FDS");
  if (count === undefined || count === "") {
    throw new UsageError(
      `${text}: no sockets were passed to this process (LISTEN_FDS is not set); start it from a ` +
        "socket unit, or try it with systemd-socket-activate",
    );
  }
  if (!/^[1-9]\d{0,3}$/.test(count)) {
    throw new UsageError(
      `${text}: LISTEN_FDS is "${count}"; a service manager sets it to the number of sockets`,
    );
  }
  const intended = read("LISTEN_PID");
  if (intended !== String(pid)) {
    throw new UsageError(
      `${text}: the sockets were passed to process ${intended ?? "(LISTEN_PID is not set)"}, and ` +
        `this is ${pid}; start sockdock itself, without a shell, npx or deno task in between`,
    );
  }
  const names = read("LISTEN_FDNAMES")?.split(":") ?? [];
  return Array.from({ length: Number(count) }, (_, at) => names[at] ?? "");
}

function shown(all: readonly { readonly name: string; readonly fd: number }[]): string {
  const each = all.map(({ name, fd }) => name === "" ? `fd:${fd}` : `fd:${fd} (${name})`);
  return `there ${each.length === 1 ? "is" : "are"} ${each.join(", ")}`;
}

function readPermitted(name: (typeof VARIABLES)[number]): string | undefined {
  if (isPermittedVariable(name)) return permittedVariable(name);
  throw new UsageError(
    `a passed socket needs the permission to read ${name}; run with --allow-env=${VARIABLES}`,
  );
}

/** Errors of sockets: those of Unix sockets speak of files, the others of ports. */

import { assert, assertRejects, assertStringIncludes } from "@std/assert";
import { dialling } from "../../../clients/dial_error.ts";
import { listening } from "../../../servers/listeners/listen_error.ts";

const { errors } = Deno;

async function saidOf(opening: () => Promise<unknown>): Promise<string> {
  return (await assertRejects(opening, Error)).message;
}

Deno.test("an error of a Unix socket speaks of its file, never of a port", async () => {
  for (const error of [errors.PermissionDenied, errors.AddrInUse, errors.NotFound]) {
    const fail = () => Promise.reject(new error("no (os error 1)"));
    const listens = await saidOf(() => listening("unix:///run/x", undefined, fail));
    const dials = await saidOf(() => dialling("unix:///run/x", fail));
    for (const text of [listens, dials]) assert(!text.includes("port"), text);
  }
  const refused = () => Promise.reject(new errors.ConnectionRefused("refused"));
  assertStringIncludes(await saidOf(() => dialling("unix:///run/x", refused)), "server is gone");
  assertStringIncludes(await saidOf(() => dialling("tcp://:1", refused)), "nothing listens there");
  const denied = () => Promise.reject(new errors.PermissionDenied("no"));
  assertStringIncludes(await saidOf(() => listening("tcp://:80", 80, denied)), "ports below 1024");
});

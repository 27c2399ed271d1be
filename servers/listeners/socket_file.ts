// The file of a Unix socket that exists before its server listens: removed when its server is gone,
// refused otherwise.

/** Opens a socket at a path. The file of a process that died is removed; the socket of a process
 * that listens is left alone, and the error is thrown.
 * @throws {Error} when something else than a socket is there */
export async function atSocketFile<T>(
  path: string,
  probe: () => Promise<void>,
  listen: () => T | Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse) || path.startsWith("\0")) throw error;
    if (await isNoSocket(path)) {
      // Of the user's own files we say nothing that sounds like removing them.
      throw new Error("something else than a socket is there; choose another path", {
        cause: error,
      });
    }
    if (!(await isAbandoned(probe))) throw error;
    await Deno.remove(path);
    return await listen();
  }
}

async function isNoSocket(path: string): Promise<boolean> {
  try {
    return !(await Deno.lstat(path)).isSocket;
  } catch {
    // Gone since, or not to be looked at.
    return false;
  }
}

/** Whether no process listens. */
async function isAbandoned(probe: () => Promise<void>): Promise<boolean> {
  try {
    await probe();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

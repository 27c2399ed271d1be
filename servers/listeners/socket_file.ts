// The file of a Unix socket that exists before its server listens: removed when its server is gone,
// refused otherwise.

/** Opens a socket at a path. The file of a process that died is removed; the socket of a process
 * that listens is left alone, and the error is thrown. */
export async function atSocketFile<T>(
  path: string,
  probe: () => Promise<void>,
  listen: () => T | Promise<T>,
): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse) || path.startsWith("\0")) throw error;
    if (!(await isAbandoned(path, probe))) throw error;
    await Deno.remove(path);
    return await listen();
  }
}

/** Whether the path is a socket without a listening process. */
async function isAbandoned(path: string, probe: () => Promise<void>): Promise<boolean> {
  try {
    if (!(await Deno.lstat(path)).isSocket) return false;
    await probe();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

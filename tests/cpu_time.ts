/** How much a piece of code computes, which unlike how long it takes does not depend on what else the
 * machine does. */

/** The milliseconds that the processor has spent on this thread; where the system does not tell, those
 * that have passed. */
export function cpuMs(): number {
  try {
    const [nanoseconds] = Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ");
    return Number(nanoseconds) / 1e6;
  } catch {
    return performance.now();
  }
}

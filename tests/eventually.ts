const DEADLINE_MS = 120_000;

/** Asks again and again, once a turn of the event loop with a moment in between, for what nothing
 * announces. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`never came true: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

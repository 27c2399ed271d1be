/** How Chromium is started in tests: without a screen, and without asking the network for anything
 * of its own. */

/** For every start. */
export const CHROMIUM_FLAGS: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How often, and how long apart, an empty profile is tried to be removed. */
const ATTEMPTS = 600;
const PAUSE_MS = 100;

/** An empty profile. Some of the browser's processes outlive it and write there for a moment. */
export async function profileFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "sd-" });
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (let attempt = 1;; attempt++) {
        try {
          return await Deno.remove(path, { recursive: true });
        } catch (error) {
          if (attempt === ATTEMPTS) throw error;
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        }
      }
    },
  };
}

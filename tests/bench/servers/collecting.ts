/** With --v8-flags=--expose-gc a server collects its garbage once a second: what it holds is what is in
 * use. */

const { gc } = globalThis as { gc?: () => void };
if (gc !== undefined) setInterval(gc, 1000);

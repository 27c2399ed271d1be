/** Clients that ask for much and take nothing: what they hold of the server's memory is bounded, and
 * comes back when they leave. */

import { assertEquals, assertLess } from "@std/assert";
import { lowestKib, memoryObstacle, settledKib } from "../../../resident_memory.ts";
import { startProgram } from "../../../program.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { latin1, Wire } from "./wire.ts";

const CLIENTS = 150;
const FILE_BYTES = 10 * 1024 * 1024;

Deno.test({
  name: "clients that read nothing hold little, lose nothing, and leave nothing behind",
  ignore: memoryObstacle(2 * CLIENTS + 100) !== null,
  async fn() {
    await using root = await temporaryFolder();
    await Deno.writeFile(`${root.path}/large.bin`, new Uint8Array(FILE_BYTES).fill(0x61));
    await using program = await startProgram([
      ...["serve", "files", "http://127.0.0.1:0", root.path],
      ...["--json", "--quiet", "--keep-alive-timeout", "none"],
    ]);
    const { url, pid } = program;
    const ask = async () => {
      const wire = await Wire.open({ url });
      await wire.send(
        latin1("GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      );
      return wire;
    };
    const read = async () => {
      using wire = await ask();
      return (await wire.answer("GET")).body.length;
    };
    // What only the first answers cost is not what each costs.
    for (let first = 0; first < 5; first++) assertEquals(await read(), FILE_BYTES);
    const before = await settledKib(pid);
    {
      using held = new DisposableStack();
      const wires: Wire[] = [];
      while (wires.length < CLIENTS) wires.push(held.use(await ask()));
      const each = (await settledKib(pid) - before) / CLIENTS;
      // 64 KiB above the kernel's buffers, and what else a connection is.
      assertLess(each, 128);
      for (const wire of wires.slice(0, 5)) {
        assertEquals((await wire.answer("GET")).body.length, FILE_BYTES);
      }
    }
    assertEquals(await read(), FILE_BYTES);
    assertLess(await lowestKib(pid, 3000) - before, 15 * 1024);
  },
});

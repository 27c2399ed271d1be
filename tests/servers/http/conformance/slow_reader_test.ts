/** Clients that ask for much and take nothing: what they hold of the server's memory is bounded, and
 * comes back when they leave. */

import { assertEquals, assertLess } from "@std/assert";
import { fallsTo, memoryObstacle, settledKib } from "../../../resident_memory.ts";
import { startProgram } from "../../../program.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { latin1, Wire } from "./wire.ts";

/** The first of them make what all share. */
const FIRST_CLIENTS = 100;
const CLIENTS = 300;
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
      const wire = await Wire.open({ url }, 16 * 1024);
      await wire.send(
        latin1("GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      );
      await wire.begun();
      return wire;
    };
    const read = async () => {
      using wire = await ask();
      return (await wire.answer("GET")).body.length;
    };
    for (let first = 0; first < 5; first++) assertEquals(await read(), FILE_BYTES);
    const before = await settledKib(pid);
    {
      using held = new DisposableStack();
      const wires: Wire[] = [];
      const hold = async (clients: number) => {
        while (wires.length < clients) wires.push(held.use(await ask()));
        return await settledKib(pid);
      };
      const first = await hold(FIRST_CLIENTS);
      // 64 KiB above the kernel's buffers at most, and what else a connection is.
      assertLess((await hold(CLIENTS) - first) / (CLIENTS - FIRST_CLIENTS), 100);
      for (const wire of wires.slice(0, 5)) {
        assertEquals((await wire.answer("GET")).body.length, FILE_BYTES);
      }
    }
    assertEquals(await read(), FILE_BYTES);
    await fallsTo(pid, before + 20 * 1024);
  },
});

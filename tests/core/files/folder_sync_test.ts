import { assertEquals } from "@std/assert";
import { FolderSync } from "../../../core/files/folder_sync.ts";

Deno.test("FolderSync writes a folder through once for all who came meanwhile, and not before", async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const folders = new FolderSync(() => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  });
  const done: string[] = [];
  const sync = (path: string, who: string) => folders.sync(path).then(() => done.push(who));
  const first = sync("a", "first");
  const later = [sync("a", "second"), sync("a", "third")];
  const other = sync("b", "other");
  assertEquals(gates.length, 2);
  gates[1]!.resolve();
  await other;
  assertEquals(done, ["other"]);
  gates[0]!.resolve();
  await first;
  while (gates.length < 3) await Promise.resolve();
  assertEquals(done, ["other", "first"]);
  gates[2]!.resolve();
  await Promise.all(later);
  assertEquals(done, ["other", "first", "second", "third"]);
  const again = sync("a", "again");
  assertEquals(gates.length, 4);
  gates[3]!.resolve();
  await again;
});

/** Receiving files when something goes wrong: whole or not at all, never over another file unasked,
 * never elsewhere, and nothing left behind. */

import { assert, assertEquals } from "@std/assert";
import { endUploads, receiveUpload } from "../../../../web/files/upload/receive.ts";
import type { FileOperations } from "../../../../core/files/place_file.ts";
import { FakeTime } from "../../../fake_time.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { formOf, rawForm, refused, SETTINGS, Target } from "./target.ts";

/** A disk that knows no second names, as FAT. */
function withoutLinks(): FileOperations {
  return {
    ...operationsOf(),
    link: () => Promise.reject(Object.assign(new Error("not permitted"), { code: "EPERM" })),
  };
}

function operationsOf(): FileOperations {
  const { link, lstat, makeTempFile, open, remove, rename } = Deno;
  return { link, lstat, makeTempFile, open, remove, rename };
}

/** A disk on which opening gives a file that fails on a call. */
function failing(call: "write" | "syncData", code: string): FileOperations {
  return {
    ...operationsOf(),
    async open(path, options) {
      const file = await Deno.open(path, options);
      const error = Object.assign(new Error("as on a full disk"), { code });
      Object.defineProperty(file, call, { value: () => Promise.reject(error) });
      return file;
    },
  };
}

Deno.test("of many uploads that race for one name, one is stored and the others are refused", async () => {
  await using target = await Target.create();
  for (const operations of [Deno, withoutLinks()]) {
    const name = operations === Deno ? "linked" : "placed";
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const body = index % 2 === 0
        ? target.put(`/${name}`, `${index}`, { settings: { operations } })
        : target.post(formOf({ [name]: `${index}` }), { settings: { operations } });
      const response = await body;
      await response.body?.cancel();
      return response.status;
    }));
    const winner = answers.indexOf(201);
    assertEquals(answers.filter((status) => status === 409).length, 19);
    assertEquals(await target.read(name), `${winner}`);
  }
  assertEquals(await target.names(), ["linked", "placed", "sub"]);
});

Deno.test("a file that came while another was received is not replaced", async () => {
  await using target = await Target.create();
  for (const operations of [operationsOf(), withoutLinks()]) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const answer = target.put("/late", readable, { settings: { operations } });
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("ours"));
    await Deno.writeTextFile(`${target.path}/late`, "theirs");
    await writer.close();
    await refused(await answer, 409, "late");
    assertEquals(await target.read("late"), "theirs");
    assertEquals(await target.names(), ["late", "sub"]);
    await Deno.remove(`${target.path}/late`);
  }
});

Deno.test("a link of that name is never followed", async () => {
  await using target = await Target.create();
  await Deno.writeTextFile(`${target.outside}/precious`, "precious");
  for (const [name, to] of [["file", "precious"], ["none", "made"], ["dir", "."]] as const) {
    await Deno.symlink(`${target.outside}/${to}`, `${target.path}/${name}`);
  }
  for (const name of ["file", "none", "dir"]) {
    await refused(await target.put(`/${name}`, "evil"), 409, "already");
    await refused(await target.post(formOf({ [name]: "evil" })), 409, "already");
  }
  for (const name of ["file", "none", "dir"]) {
    await target.put(`/${name}`, "evil", { settings: { overwrite: true } });
    assertEquals((await Deno.lstat(`${target.path}/${name}`)).isFile, true);
  }
  assertEquals(await Deno.readTextFile(`${target.outside}/precious`), "precious");
  const around = await Array.fromAsync(Deno.readDir(target.outside), ({ name }) => name);
  assertEquals(around.sort(), ["in", "precious"]);
});

Deno.test("a folder is not replaced by a file", async () => {
  await using target = await Target.create();
  const settings = { overwrite: true };
  await refused(await target.put("/sub", "x", { settings }), 409, "no file");
  await refused(await target.post(formOf({ sub: "x" }), { settings }), 409, "no file");
  const onFolder = new Request("http://localhost/", { method: "PUT", body: "x" });
  const at = { folder: await target.folder(), name: null };
  await refused(await receiveUpload(onFolder, at, target.root, SETTINGS), 409, "folder");
});

Deno.test("a folder that was replaced by a link after it was found gets nothing", async () => {
  await using target = await Target.create();
  const folder = await target.folder("/sub/");
  await Deno.mkdir(`${target.outside}/elsewhere`);
  await Deno.rename(`${target.path}/sub`, `${target.path}/moved`);
  await Deno.symlink(`${target.outside}/elsewhere`, `${target.path}/sub`);
  const request = new Request("http://localhost/sub/x", { method: "PUT", body: "x" });
  const response = await receiveUpload(request, { folder, name: "x" }, target.root, SETTINGS);
  await refused(response, 404, "gone");
  assertEquals(await Array.fromAsync(Deno.readDir(`${target.outside}/elsewhere`)), []);
});

Deno.test("a body that breaks off leaves nothing behind", async () => {
  await using target = await Target.create();
  for (const form of [false, true]) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const [head = "", headers] = rawForm("a");
    const answer = form ? target.post(readable, { headers }) : target.put("/a", readable);
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode(head.slice(0, head.indexOf("\r\n--B--"))));
    // Taken when the file has been made and what came before is in it.
    await writer.write(new TextEncoder().encode("more"));
    const names = await target.names();
    assertEquals(names.filter((name) => name.startsWith(".sockdock-upload-")).length, 1);
    await writer.abort(new Error("the client left"));
    await refused(await answer, 400, "cut short");
    assertEquals(await target.names(), ["sub"]);
  }
});

Deno.test("a body that is shorter than was told is not stored", async () => {
  await using target = await Target.create();
  const headers = { "content-length": "5" };
  await refused(await target.put("/a", "four", { headers }), 400, "cut short");
  assertEquals((await target.put("/a", "five!", { headers })).status, 201);
  assertEquals(await target.names(), ["a", "sub"]);
});

Deno.test("a form that ends early stores none of its files", async () => {
  await using target = await Target.create();
  const [body, headers] = rawForm("whole");
  const cut = body.replace("--B--", "--B\r\nContent-Disposition: form-data; name=f; filename=half");
  for (const text of [cut, `${cut}\r\n\r\nabc`, `${cut}\r\n\r\nabc\r\n--B`]) {
    await refused(await target.post(text, { headers }), 400, "The form cannot be read: it ends");
    assertEquals(await target.names(), ["sub"]);
  }
});

Deno.test("a server that stops ends its uploads and leaves nothing behind", async () => {
  await using target = await Target.create();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answer = target.put("/a", readable);
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(10));
  await endUploads(target.root);
  assertEquals(await target.names(), ["sub"]);
  await refused(await answer, 503, "stopping");
  await writer.abort().catch(() => {});
});

Deno.test("a full disk is 507, and leaves nothing behind", async () => {
  await using target = await Target.create();
  for (const call of ["write", "syncData"] as const) {
    for (const code of ["ENOSPC", "EDQUOT"]) {
      const settings = { operations: failing(call, code) };
      await refused(await target.put("/a", "x", { settings }), 507, "no room");
      await refused(await target.post(formOf({ a: "x" }), { settings }), 507, "no room");
    }
  }
  assertEquals(await target.names(), ["sub"]);
});

Deno.test("a folder that cannot be written to is 403", async () => {
  await using target = await Target.create();
  const denied = {
    ...operationsOf(),
    open: () => Promise.reject(new Deno.errors.PermissionDenied()),
  };
  await refused(await target.put("/a", "x", { settings: { operations: denied } }), 403, "folder");
});

Deno.test("of many that change the same state of a file, one does", async () => {
  await using target = await Target.create();
  const first = await target.put("/a", "first one");
  const headers = { "if-match": first.headers.get("etag") ?? "" };
  const answers = await Promise.all(Array.from({ length: 10 }, async (_, index) => {
    const settings = { overwrite: true };
    const response = await target.put("/a", `${index}`, { settings, headers });
    await response.body?.cancel();
    return response.status;
  }));
  assertEquals(answers.filter((status) => status === 204).length, 1);
  assertEquals(answers.filter((status) => status === 412).length, 9);
});

Deno.test("only so many uploads are received at a time", async () => {
  await using target = await Target.create();
  const writers: WritableStreamDefaultWriter<Uint8Array>[] = [];
  const answers = Array.from({ length: 64 }, (_, index) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    writers.push(writable.getWriter());
    return target.put(`/f${index}`, readable);
  });
  await Promise.all(writers.map((writer) => writer.write(new Uint8Array(1))));
  const refusal = await target.put("/more", "x");
  assertEquals(refusal.headers.get("retry-after"), "5");
  await refused(refusal, 503, "Too many");
  await Promise.all(writers.map((writer) => writer.close()));
  for (const answer of answers) assertEquals((await answer).status, 201);
  assertEquals((await target.put("/more", "x")).status, 201);
});

Deno.test("of as many uploads as may be, the one that has stalled longest gives way", async () => {
  await using target = await Target.create();
  using time = new FakeTime();
  const uploads = Array.from({ length: 64 }, (_, index) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    return { answer: target.put(`/f${index}`, readable), writer: writable.getWriter() };
  });
  const write = (bytes: number) =>
    Promise.all(uploads.map(({ writer }) => writer.write(new Uint8Array(bytes))));
  await write(1);
  await time.advance(4000);
  await write(5000);
  await refused(await target.put("/more", "x"), 503, "Too many");
  await time.advance(4000);
  // A byte now and then is no progress.
  await write(1);
  for (const { writer } of uploads.slice(0, 60)) await writer.write(new Uint8Array(5000));
  await refused(await target.put("/more", "x"), 503, "Too many");
  await time.advance(1000);
  assertEquals((await target.put("/more", "x")).status, 201);
  assertEquals((await target.put("/another", "x")).status, 201);
  // The stream of the one that was ended is closed already.
  for (const { writer } of uploads) await writer.close().catch(() => {});
  const answers = await Promise.all(uploads.map(({ answer }) => answer));
  const ended = answers.filter(({ status }) => status !== 201);
  assertEquals(ended.length, 1);
  assert(answers.indexOf(ended[0]!) >= 60);
  await refused(ended[0]!, 408, "too slowly");
});

Deno.test("thousands of damaged forms are stored whole or refused, and leave nothing else", async () => {
  await using target = await Target.create();
  const random = seeded(newSeed());
  const [whole, headers] = rawForm("file.txt", "some content\r\n--");
  let refusals = 0;
  for (let round = 0; round < 1500; round++) {
    const damaged = new TextEncoder().encode(whole);
    for (let count = Math.floor(random() * 3); count > 0; count--) {
      damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
    }
    const end = random() < 0.3 ? Math.floor(random() * damaged.length) : damaged.length;
    const response = await target.post(damaged.slice(0, end), { headers });
    await response.body?.cancel();
    const names = (await target.names()).filter((name) => name !== "sub");
    if (response.status === 201) {
      assertEquals(names.length, 1);
      await Deno.remove(`${target.path}/${names[0]}`);
    } else {
      assert([400, 413].includes(response.status), `${response.status}`);
      assertEquals(names, []);
      refusals++;
    }
  }
  assert(refusals > 300, `${refusals}`);
});

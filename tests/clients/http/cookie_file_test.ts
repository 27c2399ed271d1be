/** Cookie files: as curl and Python read and write them. */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  formatCookies,
  parseCookies,
  readCookieFile,
  writeCookieFile,
} from "../../../clients/http/cookie_file.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const FILE = `# Netscape HTTP Cookie File
# https://curl.se/docs/http-cookies.html

127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb c
#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t4102444800\tsecret\t
`;

Deno.test("a cookie file is read, and written as it was", () => {
  const cookies = parseCookies(FILE, "file");
  assertEquals(cookies, [
    {
      name: "a",
      value: "b c",
      domain: "127.0.0.1",
      hostOnly: true,
      path: "/",
      secure: false,
      httpOnly: false,
      expiresMs: undefined,
    },
    {
      name: "secret",
      value: "",
      domain: "example.com",
      hostOnly: false,
      path: "/x",
      secure: true,
      httpOnly: true,
      expiresMs: 4102444800_000,
    },
  ]);
  assertEquals(parseCookies(formatCookies(cookies), "file"), cookies);
  assertEquals(parseCookies(FILE.replaceAll("\n", "\r\n"), "file"), cookies);
  assertEquals(parseCookies(FILE.replace("\t0\t", "\t\t"), "file"), cookies);
});

Deno.test("whatever cookies there are, what is written can be read again", () => {
  const [cookie] = parseCookies(FILE, "file");
  const unfit = [
    { path: "/a\tb" },
    { path: "" },
    { name: "a\nb" },
    { name: "" },
    { value: "a;b" },
    { value: "\u20ac" },
    { domain: "a\tb" },
  ];
  const cookies = [cookie!, ...unfit.map((part) => ({ ...cookie!, ...part })), {
    ...cookie!,
    name: "z",
  }];
  const read = parseCookies(formatCookies(cookies), "file");
  assertEquals(read.map(({ name }) => name), ["a", "z"]);
});

Deno.test("a line that is no cookie is named", () => {
  const wrong = [
    "a=b",
    "host\tFALSE\t/\tFALSE\tsoon\ta\tb",
    "host\tmaybe\t/\tFALSE\t0\ta\tb",
    "host\tFALSE\tx\tFALSE\t0\ta\tb",
    "host\tFALSE\t/\tFALSE\t0\ta\tb\tc",
    "host\tFALSE\t/\tFALSE\t0\ta\tb; c",
    "host\tFALSE\t/\tFALSE\t0\t\tb",
  ];
  for (const line of wrong) {
    const error = assertThrows(() => parseCookies(`\n${line}\n`, "jar.txt"), UsageError);
    assertStringIncludes(error.message, "jar.txt: line 2");
  }
});

Deno.test("a cookie file is for its owner alone, and replaced as a whole", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/jar`;
  await Deno.writeTextFile(path, "old", { mode: 0o644 });
  const cookies = parseCookies(FILE, "file");
  await writeCookieFile(path, cookies);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  assertEquals(await readCookieFile(path, { flag: "-c", mayBeMissing: false }), cookies);
  assertEquals(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), ["jar"]);
  const missing = `${folder.path}/none`;
  assertEquals(await readCookieFile(missing, { flag: "-c", mayBeMissing: true }), []);
  await assertRejects(
    () => readCookieFile(missing, { flag: "--cookie", mayBeMissing: false }),
    UsageError,
    "--cookie: cannot read",
  );
  await assertRejects(() => writeCookieFile(`${folder.path}/no/jar`, []), Error, "Cannot write");
});

/** The library in a project of its own, whose deno.json has no flag: by its path and by its name,
 * in a program and in tests, with its types checked. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { temporaryFolder } from "../temporary_folder.ts";

const ROOT = new URL("../../", import.meta.url);

/** The one line of configuration: the library's folder, which brings its own import map. */
const LINKED = { links: [decodeURIComponent(ROOT.pathname)] };

const RELAY = `
await using server = await serve("udp://127.0.0.1:0", echo);
await using flaky = await relay("udp://127.0.0.1:0", server.url, { fault: ["loss=30%"], seed: 7 });
console.log(textOf(await send(flaky.url, "hello", { retries: 50, timeoutMs: 200 })));
`;

const TESTS = `
import { createAuthority, issueCertificate } from "jsr:@sockdock/sockdock/cert";
import { fetchUrl, hello } from "jsr:@sockdock/sockdock/http";
import { joinChat } from "jsr:@sockdock/sockdock/chat";

const options = { greeting: text({ default: "Hello", help: "what is said" }) } as const;
const greet: Protocol<typeof options> = {
  name: "greet",
  summary: "Greets",
  framing: "line",
  datagramReply: "larger",
  options,
  open: ({ greeting }) => ({
    async serve(session) {
      for await (const name of session.messages()) {
        await session.send(greeting + ", " + textOf(name));
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
};

Deno.test("a protocol of its own on UDP, DTLS and with the layer reliable", async () => {
  for (const url of ["udp://127.0.0.1:0", "dtls://127.0.0.1:0", "udp+reliable://127.0.0.1:0"]) {
    await using server = await serve(url, greet, { greeting: "Ahoy" });
    const options = url.startsWith("dtls") ? { insecure: true } : {};
    const answer = textOf(await send(server.url, "Ada", options));
    if (answer !== "Ahoy, Ada") throw new Error(url + ": " + answer);
  }
});

Deno.test("certificates as text, HTTP and the chat", async () => {
  const authority = await createAuthority();
  const { chain, key } = await issueCertificate(authority, { names: ["127.0.0.1"] });
  await using server = await serve("https://127.0.0.1:0", hello, { tlsCert: chain, tlsKey: key });
  await using response = await fetchUrl(server.url + "/hello.txt", { tlsCa: [authority.cert] });
  if (await response.text() !== "Hello, World!\\n") throw new Error("not hello");
  await using rooms = await serve("tcp://127.0.0.1:0", chat);
  await using klem = await joinChat(rooms.url, { name: "klem" });
  await klem.say("the tide is in");
});
`;

const NAMES = "chat, echo, type Protocol, relay, send, serve, text, textOf";

/** Runs this Deno in a folder, whose environment steers nothing. */
async function deno(cwd: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", JSR_URL: "http://127.0.0.1:9/" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

async function project(config: unknown, files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/deno.json`, JSON.stringify(config));
  for (const [name, contents] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder.path}/${name}`, contents);
  }
  return folder;
}

const BY_PATH = new URL("mod.ts", ROOT).href;

const WAYS: readonly (readonly [how: string, from: string])[] = [
  ["by its path", BY_PATH],
  ["by its name", "jsr:@sockdock/sockdock"],
];

function relayFrom(from: string): string {
  return `import { echo, relay, send, serve, textOf } from ${JSON.stringify(from)};${RELAY}`;
}

function testsFrom(from: string): string {
  return `import { ${NAMES} } from ${JSON.stringify(from)};${TESTS}`;
}

for (const [how, from] of WAYS) {
  Deno.test(`a project without a flag has a flaky UDP relay, ${how}`, async () => {
    await using own = await project(LINKED, { "relay.ts": relayFrom(from) });
    const { code, out, err } = await deno(own.path, "run", "--allow-net", "relay.ts");
    assertEquals({ code, out }, { code: 0, out: "hello\n" }, err);
  });

  Deno.test(`a project without a flag tests with the library, ${how}`, async () => {
    await using own = await project(LINKED, { "own_test.ts": testsFrom(from) });
    const { code, out, err } = await deno(
      own.path,
      "test",
      "--no-check",
      "--allow-net",
      "--sanitize-ops",
      "--sanitize-resources",
    );
    assertEquals(code, 0, `${out}${err}`);
    assertStringIncludes(out, "2 passed | 0 failed");
  });
}

Deno.test("the types of the library pass with the compiler options of another project", async () => {
  const files = WAYS.flatMap(([, from], at) => [
    [`relay${at}.ts`, relayFrom(from)],
    [`own${at}_test.ts`, testsFrom(from)],
  ]);
  await using own = await project(LINKED, Object.fromEntries(files));
  const { code, err } = await deno(own.path, "check", ".");
  assertEquals(code, 0, err);
});

Deno.test("a name in an import map stands for the library and its entries", async () => {
  const config = { ...LINKED, imports: { "sockdock": "jsr:@sockdock/sockdock@^0" } };
  await using own = await project(config, {
    "a.ts": `import { echo, serve } from "sockdock"; import { makeKey } from "sockdock/cert";
await using server = await serve("tcp://127.0.0.1:0", echo);
console.log(makeKey("hmac").kind);`,
  });
  const { code, out, err } = await deno(own.path, "run", "--allow-net", "a.ts");
  assertEquals({ code, out }, { code: 0, out: "hmac\n" }, err);
});

/** The least that a web server of one file can do: what files is compared with. Takes the file and,
 * as JSON, the header fields to send with it. A small file is kept as a string, which Deno sends
 * fastest; a large one is opened for every answer. */

const [path = "", fields = "{}"] = Deno.args;
const init = { headers: JSON.parse(fields) as Record<string, string> };
const { size } = await Deno.stat(path);
const text = size <= 1024 * 1024 ? await Deno.readTextFile(path) : null;
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  text !== null
    ? () => new Response(text, init)
    : async () => new Response((await Deno.open(path)).readable, init),
);
console.log(`http://127.0.0.1:${server.addr.port}`);

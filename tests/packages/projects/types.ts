// What TypeScript says of a Node project's calls.

import { type Server, start } from "sockdock";

export async function calls(): Promise<Server> {
  const server = await start("echo", ["tcp://127.0.0.1:0"], { seed: 7, allow: ["::1"], cwd: "." });
  await start(["up", "harbour.toml"], { endpoints: 2 });
  // @ts-expect-error an object is no option
  await start("echo", "tcp://127.0.0.1:0", { fault: { loss: 1 } });
  // @ts-expect-error the URLs are missing
  await start("echo");
  const url: string = server.url;
  const event: string = server.events[0]!.event;
  return url === event ? server : start("echo", server.urls);
}

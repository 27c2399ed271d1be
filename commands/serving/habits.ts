// Options that servers of other programs have for their address, which stands in the URL here.

import type { Habits } from "../command.ts";

const port = "the port stands in the URL, as in http://:8080";
const host = "the host stands in the URL, as in http://0.0.0.0:8080";

export const servingHabits: Habits = {
  program: "other servers",
  remedies: new Map([
    ["--port", port],
    ["-p", port],
    ["--host", host],
    ["--bind", host],
    ["-b", host],
    ["--listen", "an endpoint is a URL, such as tcp://:9999"],
    ["-l", "an endpoint is a URL, such as tcp://:9999"],
  ]),
};

/** Where the user's own things are kept, on each system. */

import { assertEquals, assertNotEquals } from "@std/assert";
import { userDataFolder } from "../../../core/files/data_folder.ts";

type System = typeof Deno.build.os;

const folder = (env: Readonly<Record<string, string>>, os: System) =>
  userDataFolder((name) => env[name], os);

Deno.test("each system has its place for the data folder", () => {
  assertEquals(folder({ HOME: "/home/ada" }, "linux"), "/home/ada/.local/share/sockdock");
  assertEquals(folder({ HOME: "/h", XDG_DATA_HOME: "/data" }, "linux"), "/data/sockdock");
  assertEquals(
    folder({ HOME: "/Users/ada", XDG_DATA_HOME: "/data" }, "darwin"),
    "/Users/ada/Library/Application Support/sockdock",
  );
  const windows = folder({ LOCALAPPDATA: "C:\\Users\\ada\\AppData\\Local" }, "windows");
  assertEquals(windows?.replaceAll("/", "\\"), "C:\\Users\\ada\\AppData\\Local\\sockdock");
});

Deno.test("SOCKDOCK_DATA_FOLDER wins on every system", () => {
  for (const os of ["linux", "darwin", "windows"] as const) {
    const env = { HOME: "/h", XDG_DATA_HOME: "/x", LOCALAPPDATA: "C:\\l" };
    assertEquals(folder({ ...env, SOCKDOCK_DATA_FOLDER: "here" }, os), "here");
    assertNotEquals(folder({ ...env, SOCKDOCK_DATA_FOLDER: "" }, os), "");
  }
});

Deno.test("without a place, or with a relative one, there is no data folder", () => {
  assertEquals(folder({}, "linux"), null);
  assertEquals(folder({}, "darwin"), null);
  assertEquals(folder({ HOME: "/h" }, "windows"), null);
  assertEquals(folder({ XDG_DATA_HOME: "relative" }, "linux"), null);
  assertEquals(folder({ XDG_DATA_HOME: "x", HOME: "/h" }, "linux"), "/h/.local/share/sockdock");
});

Deno.test({
  name: "a variable that may not be read is not asked for",
  permissions: { env: ["SOCKDOCK_DATA_FOLDER"] },
  fn() {
    assertEquals(userDataFolder(), Deno.env.get("SOCKDOCK_DATA_FOLDER") ?? null);
  },
});

import { assertEquals, assertThrows } from "@std/assert";
import { lookalikeKey, nameKey } from "../../../../protocols/chat/admission/lookalikes.ts";
import {
  isReserved,
  plainName,
  roomName,
  verifiedName,
} from "../../../../protocols/chat/admission/names.ts";
import { RefusedError } from "../../../../protocols/chat/refused_error.ts";

/** Names that must be refused, each for the reason that stands beside it. */
const HOSTILE: readonly (readonly [name: string, why: string])[] = [
  ["", "empty"],
  ["   ", "white space"],
  ["server", "reserved"],
  ["SERVER", "reserved, in capitals"],
  ["ｓｅｒｖｅｒ", "reserved, in full width"],
  ["0perat0r", "reserved, with zeros"],
  ["оperator", "reserved, with a Cyrillic o"],
  ["ɑdmin", "reserved, with a Latin alpha"],
  ["ᴏperator", "reserved, with a small capital"],
  ["օperator", "reserved, with an Armenian oh"],
  ["ꜱerver", "reserved, with a small capital s"],
  ["ꜱᴇʀᴠᴇʀ", "reserved, in small capitals"],
  ["𝔰𝔢𝔯𝔳𝔢𝔯", "reserved, in Fraktur"],
  ["adrnin", "reserved, with r and n for m"],
  ["sΥsteм", "reserved, with a Greek and a Cyrillic letter"],
  ["sockđock", "reserved, with a stroke"],
  ["s-e-r-v-e-r", "reserved, with hyphens"],
  ["sérvér", "reserved, with accents"],
  ["everyone", "reserved"],
  ["system", "reserved"],
  ["5y5tem", "reserved, with fives"],
  ["bob smith", "a gap"],
  ["bob\u00a0smith", "a no-break space"],
  ["bob\u3000smith", "an ideographic space"],
  ["bob\u200bsmith", "a zero-width space"],
  ["bob\u200d", "a zero-width joiner"],
  ["bob\u2060", "a word joiner"],
  ["bob\ufe0f", "a variation selector"],
  ["bob\u{e0061}", "a tag"],
  ["\u202ebob", "a direction override"],
  ["bob\u2066", "a direction isolate"],
  ["bob\x1b[31m", "a terminal's escape"],
  ["bob\r\nalice", "lines"],
  ["bob\0", "a NUL"],
  ["bob\ud800", "half a surrogate pair"],
  ["127.0.0.1", "an IPv4 address"],
  ["::1", "an IPv6 address"],
  ["[::1]:80", "an address with a port"],
  ["bob:80", "a host with a port"],
  ["bob@example.org", "an e-mail address"],
  ["alice.example", "a host name"],
  ["unix/path", "a path"],
  ["123456", "a number like a port or an address"],
  ["deadbeefdeadbeef", "like a fingerprint"],
  ["alice✓", "the mark of a verified name"],
  ["alice#2", "the number of a verified name"],
  ["*bob", "the mark of the chat's own lines"],
  ["<bob>", "brackets"],
  ["-bob", "begins with a hyphen"],
  ["a\u0301\u0302\u0303\u0304\u0305", "a pile of marks"],
  ["x".repeat(33), "too long"],
  ["漢".repeat(30), "too many bytes"],
  ["x".repeat(1_000_000), "far too long"],
];

for (const [name, why] of HOSTILE) {
  Deno.test(`nobody can be called ${JSON.stringify(name.slice(0, 40))}: ${why}`, () => {
    const error = assertThrows(() => plainName(name, 32), RefusedError);
    assertEquals(error.code, "name-refused");
  });
}

Deno.test("names of many languages are names", () => {
  const names = ["alice", "Zoë", "名前", "Ольга", "محمد", "guest-7", "x_1", "7of9", "हिन्दी", "a"];
  assertEquals(names.map((name) => plainName(name, 32)), names);
  assertEquals(plainName(" ａｌｉｃｅ ", 32), "alice", "full width is width");
});

Deno.test("names that readers take for one have one key", () => {
  const alice = nameKey("alice");
  const same = [
    ..."Alice ALICE ａｌｉｃｅ аlice alicе al\u200bice Ꭺlice ꭺlice ɑlice a1ice aIice alıce ᴀʟɪᴄᴇ"
      .split(" "),
    "ali ce",
  ];
  for (const name of same) assertEquals(nameKey(name), alice, name);
  for (const [name, look] of ["Νick nick", "νick vick", "ВОВА вова", "Ѵаѕya vasya"].map(twoWords)) {
    assertEquals(nameKey(name), nameKey(look), `${name} and ${look}`);
  }
  assertEquals(nameKey("straße"), nameKey("STRASSE"));
  assertEquals(lookalikeKey("a1ice"), lookalikeKey("alice"));
  assertEquals(lookalikeKey("al-i.ce"), lookalikeKey("alice"));
});

Deno.test("names that readers tell apart have keys of their own, whatever their script", () => {
  const names = [
    "nick",
    "vick",
    "bob",
    "zoë",
    "zoe",
    "Ольга",
    "Олег",
    "Νίκος",
    "Νικόλας",
    "名前",
    "名剣",
  ];
  assertEquals(new Set(names.map(nameKey)).size, names.length);
  for (const name of names) {
    assertEquals(nameKey(name.toUpperCase()), nameKey(name), name);
    assertEquals(nameKey(name.toLowerCase()), nameKey(name), name);
  }
});

function twoWords(pair: string): readonly [string, string] {
  const [name = "", look = ""] = pair.split(" ");
  return [name, look];
}

Deno.test("what is not near a reserved name is not reserved", () => {
  assertEquals(["bob", "serena", "allan", "herer"].filter(isReserved), []);
});

Deno.test("a verified name is shown on one line without gaps", () => {
  const of = (name: string) => verifiedName({ name, source: "psk", fingerprint: "ab".repeat(32) });
  assertEquals(of("alice@example.org"), "alice@example.org");
  assertEquals(of("al ice\n\u202eevil\u200b"), "al_ice_evil");
  assertEquals(of("\u202e"), "sha256:abababababababab");
  assertEquals(of("x".repeat(500)).length, 80);
});

Deno.test("a room has one name, however it is written", () => {
  assertEquals(["#Harbour", "harbour", " ｈａｒｂｏｕｒ "].map(roomName), [
    "harbour",
    "harbour",
    "harbour",
  ]);
  for (
    const name of ["", "#", "a b", "a.b", "a*", ">", "../x", "a\0", "x".repeat(33), "a\u200db"]
  ) {
    assertEquals(assertThrows(() => roomName(name), RefusedError).code, "room-refused", name);
  }
});

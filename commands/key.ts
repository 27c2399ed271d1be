// The command `sockdock key`: makes and shows keys and password hashes for other commands, and seals
// and opens messages with a key.

import { KEY_KINDS } from "../core/keys/key.ts";
import { knownAre } from "../core/options/nearest.ts";
import { flagName, mergeTables } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand, FILES } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import { exitCodes } from "./exit_code.ts";
import { keyMakingOptions, keyOpeningOptions } from "./key/options.ts";

const SUBJECTS: readonly string[] = ["make", "show", "password", "seal", "open"];

export const key = defineCommand({
  name: "key",
  summary: "makes and shows keys, seals and opens messages, hashes passwords",
  usage: "<make|show|password|seal|open> <kind|file|user> [word]...",
  details:
    `\`make\` makes a key: chacha20, aes-gcm or fernet for the layer sealed (--sealed-key), hmac or
ed25519 for the layer signed (--signed-key). It goes to --out, readable by its owner alone; without it, to stdout
in a pipe, and at a terminal into your data folder. \`show\` says what may be known of the keys in a
file: kind, name, fingerprint, and the line of an ed25519 key for --signed-senders.

\`password\` asks for a password, or reads it from stdin in a pipe, and prints a line for the file of
--auth-file: the user and a salted hash (PBKDF2, SHA-256, 600,000 rounds), from which the password
cannot be read.

\`seal\` encrypts a message with a fernet or aes-gcm key and prints it as a token; \`open\` decrypts
one. The words are joined by spaces; without words the message or token is read from stdin. Fernet
tokens are those of Python's cryptography. A token that was made with another key, was changed or is
older than --max-age is exit code 3.`,
  options: mergeTables(printingOptions, keyMakingOptions, keyOpeningOptions),
  groups: [
    { title: "Making", options: keyMakingOptions },
    { title: "Opening", options: keyOpeningOptions },
  ],
  examples: [
    { run: "sockdock key make chacha20 --out sealed.key", does: "makes a key for both ends" },
    {
      run: "sockdock key make ed25519 --name alice --out alice.key",
      does: "makes a key to sign with",
    },
    { run: "sockdock key show alice.key", does: "prints what others need to know her by" },
    { run: "sockdock key password alice >> users", does: "adds a user to a file" },
    { run: "sockdock key make fernet --out fernet.key", does: "makes a key for messages" },
    { run: "sockdock key seal fernet.key Hello, UDP!", does: "prints the message as a token" },
    { run: "sockdock key open fernet.key < token", does: "prints what the token holds" },
  ],
  minArguments: 2,
  complete([subject]) {
    if (subject === undefined) return SUBJECTS;
    if (subject === "make") return KEY_KINDS;
    return ["show", "seal", "open"].includes(subject) ? [FILES] : [];
  },
  async run({ arguments: [subject = "", operand = "", ...words], options, flags, io }) {
    if (!SUBJECTS.includes(subject)) throw unknownSubject(subject);
    refuseForeignFlags(subject, flags);
    if (words.length > 0 && subject !== "seal" && subject !== "open") {
      throw new UsageError(`key ${subject} takes one argument; "${words[0]}" is one more`);
    }
    switch (subject) {
      case "make": {
        const { makeKeyFile } = await import("./key/make.ts");
        await makeKeyFile(operand, options, io);
        break;
      }
      case "show": {
        const { showKeys } = await import("./key/show.ts");
        await showKeys(operand, io);
        break;
      }
      case "password": {
        const { makePassword } = await import("./key/password.ts");
        await makePassword(operand, io);
        break;
      }
      case "seal": {
        const { sealMessage } = await import("./key/token.ts");
        return await sealMessage(operand, words, io);
      }
      case "open": {
        const { openMessage } = await import("./key/token.ts");
        return await openMessage(operand, words, options, io);
      }
      default:
        throw unknownSubject(subject);
    }
    return exitCodes.ok;
  },
});

function unknownSubject(subject: string): UsageError {
  return new UsageError(
    `unknown subject of key "${subject}"${knownAre(subject, SUBJECTS)}`,
  );
}

/** @throws {UsageError} when a flag is for another subject */
function refuseForeignFlags(subject: string, flags: ReadonlySet<string>): void {
  for (
    const [owner, options] of [["make", keyMakingOptions], ["open", keyOpeningOptions]] as const
  ) {
    if (subject === owner) continue;
    const useless = Object.keys(options).find((key) => flags.has(key));
    if (useless !== undefined) {
      throw new UsageError(`--${flagName(useless)} is for key ${owner}, not for key ${subject}`);
    }
  }
}

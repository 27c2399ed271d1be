// The command `sockdock key`: makes and shows keys and password hashes for other commands.

import { KEY_KINDS } from "../core/keys/key.ts";
import { flagName, mergeTables } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand, FILES } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import { exitCodes } from "./exit_code.ts";
import { keyMakingOptions } from "./key/options.ts";

const SUBJECTS = ["make", "show", "password"] as const;

export const key = defineCommand({
  name: "key",
  summary: "makes and shows keys, and the lines of users for --auth-file",
  usage: "<make|show|password> <kind|file|user>",
  details:
    `\`make\` makes a key: fernet or aes-gcm for the layer sealed (--sealed-key), hmac or ed25519 for
the layer signed (--signed-key). It goes to --out, readable by its owner alone; without it, to stdout
in a pipe, and at a terminal into your data folder. \`show\` says what may be known of the keys in a
file: kind, name, fingerprint, and the line of an ed25519 key for --signed-senders.

\`password\` asks for a password, or reads it from stdin in a pipe, and prints a line for the file of
--auth-file: the user and a salted hash (PBKDF2, SHA-256, 600,000 rounds), from which nobody can read
the password.`,
  options: mergeTables(printingOptions, keyMakingOptions),
  groups: [{ title: "Making", options: keyMakingOptions }],
  examples: [
    { run: "sockdock key make aes-gcm --out sealed.key", does: "makes a key for both ends" },
    {
      run: "sockdock key make ed25519 --name alice --out alice.key",
      does: "makes a key to sign with",
    },
    { run: "sockdock key show alice.key", does: "prints what others need to know her by" },
    { run: "sockdock key password alice >> users", does: "adds a user to a file" },
  ],
  minArguments: 2,
  maxArguments: 2,
  complete([subject]) {
    if (subject === undefined) return SUBJECTS;
    return subject === "make" ? KEY_KINDS : subject === "show" ? [FILES] : [];
  },
  async run({ arguments: [subject, operand = ""], options, flags, io }) {
    if (subject !== "make") {
      const useless = Object.keys(keyMakingOptions).find((key) => flags.has(key));
      if (useless !== undefined) {
        throw new UsageError(`--${flagName(useless)} is for key make, not for key ${subject}`);
      }
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
      default:
        throw new UsageError(
          `unknown subject of key "${subject}"; known are ${SUBJECTS.join(", ")}`,
        );
    }
    return exitCodes.ok;
  },
});

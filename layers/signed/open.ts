// Opening the layer signed: reads its own key and those of the senders that it is to believe.

import type { Key, PrivateKey, SharedKey } from "../../core/keys/key.ts";
import { shownFile } from "../../core/files/file_or_text.ts";
import { readKeyFile } from "../../core/keys/file.ts";
import type { LayerContext, OpenedLayer } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { signedOptions } from "./options.ts";
import { ed25519Checker, ed25519Signer, hmacKey } from "./signatures.ts";
import { type OpeningKey, refuseSameIds, type SealingKey } from "../stamped/protection.ts";
import { StampedDatagrams } from "../stamped/stamped_datagrams.ts";

/** @throws {UsageError} when a key cannot be used */
export async function openSigned(
  { signedKey, signedSenders, signedLifetimeMs, signedMaxSenders }: OptionValues<
    typeof signedOptions
  >,
  { clock }: LayerContext,
): Promise<OpenedLayer> {
  const own = signedKey === undefined ? undefined : await readOwnKey(signedKey);
  const senders = signedSenders === undefined
    ? []
    : (await readKeyFile("--signed-senders", signedSenders)).map(known);
  const signing = own && signingKey(own);
  const keys = openingKeys(own, signing, senders);
  refuseSameIds("--signed-senders", keys);
  return {
    datagram(socket, { role }, { counters, limits: { maxPeers } }) {
      refuseDeaf(role, own, keys);
      return new StampedDatagrams(socket, {
        role,
        keys,
        own: signing,
        lifetimeMs: signedLifetimeMs,
        maxSenders: signedMaxSenders,
        maxPeers,
        clock,
        counters,
      });
    },
  };
}

type SigningKey = SharedKey | PrivateKey;

async function readOwnKey(given: string): Promise<SigningKey> {
  const [key, second] = await readKeyFile("--signed-key", given);
  const file = shownFile(given);
  if (second !== undefined) {
    throw new UsageError(`--signed-key: ${file} holds several keys; one end has one key`);
  }
  if (key!.kind === "hmac" || "privateKey" in key!) return key as SigningKey;
  throw new UsageError(
    key!.kind === "ed25519"
      ? `--signed-key: ${file} holds a public key, which cannot sign; name the file that ` +
        "sockdock key make ed25519 wrote, and put this one into --signed-senders of others"
      : `--signed-key: a key of kind ${key!.kind} seals and does not sign; make one with: ` +
        "sockdock key make ed25519, or hmac",
  );
}

function signingKey(own: SigningKey): SealingKey {
  return own.kind === "ed25519" ? ed25519Signer(own) : hmacKey(own);
}

/** A sender's key, of a kind that signs. */
function known(key: Key): Key {
  if (key.kind === "hmac" || key.kind === "ed25519") return key;
  throw new UsageError(
    `--signed-senders: a key of kind ${key.kind} does not sign; expected lines such as ` +
      "alice ed25519:KEY, as key show prints them",
  );
}

/** The keys that are believed: those of the senders' file, and our own secret where it is shared. */
function openingKeys(
  own: SigningKey | undefined,
  signing: SealingKey | undefined,
  senders: readonly Key[],
): readonly OpeningKey[] {
  const keys = senders.map((key) => {
    if (key.kind !== "ed25519") return hmacKey(key as SharedKey);
    if (signing !== undefined && own?.kind === "ed25519") return ed25519Checker(key, signing);
    throw new UsageError(
      "--signed-senders: senders with Ed25519 keys can only be spoken with by a key of that kind; " +
        "make one with sockdock key make ed25519 --out signed.key, and name it with --signed-key",
    );
  });
  if (own === undefined || own.kind === "ed25519") return keys;
  const mine = hmacKey(own);
  const isListed = keys.some(({ id }) => id.every((byte, at) => byte === mine.id[at]));
  return isListed ? keys : [mine, ...keys];
}

/** Refuses an end that could not send, or would not believe any sender.
 * @throws {UsageError} saying what is missing */
function refuseDeaf(
  role: "listen" | "dial",
  own: SigningKey | undefined,
  keys: readonly OpeningKey[],
): void {
  if (role === "dial" && own === undefined) {
    throw new UsageError(
      "the layer signed needs a key to sign with: make one with " +
        "sockdock key make ed25519 --out signed.key (or hmac, which both sides share), and name " +
        "it with --signed-key signed.key",
    );
  }
  if (keys.length > 0) return;
  throw new UsageError(
    role === "dial"
      ? "the layer signed cannot tell the server's answers from those of others: write the " +
        "server's line, which key show prints of its key, to a file for --signed-senders"
      : "the layer signed knows no sender: write their lines, which key show prints of their keys, " +
        "to a file for --signed-senders, or name a common hmac key with --signed-key",
  );
}

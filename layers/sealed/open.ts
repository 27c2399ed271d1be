// Opening the layer sealed: reads its keys and gives each socket the format that they are for.

import { type Key, keyFingerprint, keyName, type SharedKey } from "../../core/keys/key.ts";
import { readKeyFile } from "../../core/keys/file.ts";
import type { LayerContext, OpenedLayer } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { aeadKey, type AeadSharedKey } from "./aead_key.ts";
import { Fernet } from "../../core/keys/fernet.ts";
import { FernetDatagrams, type FernetKey } from "./fernet_datagrams.ts";
import type { sealedOptions } from "./options.ts";
import { refuseSameIds } from "../stamped/protection.ts";
import { StampedDatagrams } from "../stamped/stamped_datagrams.ts";

/** A token does not say with which key it was made, so a forged one costs a check with each. */
const MAX_FERNET_KEYS = 64;

type SealedOptions = OptionValues<typeof sealedOptions>;
type Cipher = SealedOptions["sealedCipher"];

/** @throws {UsageError} when a key cannot be used */
export async function openSealed(
  { sealedKey, sealedCipher, sealedLifetimeMs, sealedMaxSenders, sealedMaxTokens }: SealedOptions,
  { clock }: LayerContext,
): Promise<OpenedLayer> {
  const keys = await readKeys(sealedKey, sealedCipher);
  const common = { lifetimeMs: sealedLifetimeMs, clock };
  if (keys[0].kind === "fernet") {
    const [first, ...others] = keys;
    if (keys.length > MAX_FERNET_KEYS) {
      throw new UsageError(
        `--sealed-key: ${keys.length} Fernet keys are too many to try each; give ` +
          `${MAX_FERNET_KEYS} at most, or use keys of the kind chacha20`,
      );
    }
    const fernets = [fernetKey(first), ...others.map(fernetKey)] as const;
    return {
      datagram: (socket, { role }, { counters, limits: { maxPeers } }) =>
        new FernetDatagrams(socket, {
          ...common,
          role,
          keys: fernets,
          maxTokens: sealedMaxTokens,
          maxPeers,
          counters,
        }),
    };
  }
  const ciphers = keys.map((key) => aeadKey(key as AeadSharedKey));
  refuseSameIds("--sealed-key", ciphers);
  return {
    datagram: (socket, { role }, { counters, limits: { maxPeers } }) =>
      new StampedDatagrams(socket, {
        ...common,
        role,
        keys: ciphers,
        own: ciphers[0],
        maxSenders: sealedMaxSenders,
        maxPeers,
        counters,
      }),
  };
}

/** The keys of all files, of one kind.
 * @throws {UsageError} when there is none, or one that cannot be used */
async function readKeys(
  files: readonly string[],
  cipher: Cipher,
): Promise<readonly [SharedKey, ...SharedKey[]]> {
  const keys: Key[] = [];
  for (const file of files) keys.push(...await readKeyFile("--sealed-key", file, cipher));
  const [first, ...others] = keys.map((key) => sealing(key, cipher));
  if (first === undefined) {
    throw new UsageError(
      "the layer sealed needs a key: make one with sockdock key make chacha20 --out sealed.key, " +
        "and name the file on both sides with --sealed-key sealed.key",
    );
  }
  const other = others.find(({ kind }) => kind !== first.kind);
  if (other !== undefined) {
    throw new UsageError(
      `--sealed-key: keys of the kinds ${first.kind} and ${other.kind} are not spoken at once; ` +
        "give one of them an endpoint of its own",
    );
  }
  return [first, ...others];
}

function sealing(key: Key, cipher: Cipher): SharedKey {
  if (key.kind === "hmac" || key.kind === "ed25519") {
    throw new UsageError(
      `--sealed-key: a key of kind ${key.kind} signs and does not seal; use the layer signed, or ` +
        "make a key with: sockdock key make chacha20",
    );
  }
  if (cipher !== undefined && key.kind !== cipher) {
    throw new UsageError(
      `--sealed-cipher ${cipher}: the key of --sealed-key is of kind ${key.kind}; ` +
        `make one with: sockdock key make ${cipher}`,
    );
  }
  return key;
}

function fernetKey(key: SharedKey): FernetKey {
  return {
    fernet: new Fernet(key.secret),
    identity: { name: keyName(key), source: "psk", fingerprint: keyFingerprint(key) },
  };
}

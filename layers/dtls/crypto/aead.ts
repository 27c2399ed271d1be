// The authenticated ciphers of records behind one face: those that other layers have too, and CCM.

import { type Aead, aead } from "../../aead/aead.ts";
import { openCcm, sealCcm } from "./ccm.ts";
import type { RecordCipher } from "./suites.ts";

export function aeadOf({ name, tagBytes }: RecordCipher, key: Uint8Array): Aead {
  if (name !== "aes-128-ccm") return aead(name, key);
  return {
    seal: (nonce, additionalData, plain, record, at) =>
      record.set(sealCcm({ key, nonce, additionalData, tagBytes }, plain), at),
    open: (nonce, additionalData, sealed) =>
      openCcm({ key, nonce, additionalData, tagBytes }, sealed),
  };
}

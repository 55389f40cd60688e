import { Secret } from "../../domain/secret.ts";
import type { SecretBox } from "../../ports.ts";
import { decode, KEY_BYTES, notSealed, openText, sealText } from "./aes-gcm.ts";

export interface EncryptionKey {
  /** Stands in clear in every sealed text: letters, digits, `_` and `-`, at most 64. */
  readonly id: string;
  /** Base64 of 32 bytes. */
  readonly key: Secret;
}

const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;
const VERSION = "v1";

/**
 * Seals by AES-256-GCM as `v1.<keyId>.<base64url iv>.<base64url ciphertext+tag>`. Version, key id and what the text is
 * bound to are authenticated with it.
 *
 * @param keys The first seals, all open: a new key in front rotates without downtime.
 * @throws Error without keys, or when one of them is unusable; it says which by position.
 */
export function createLocalSecretBox(keys: readonly EncryptionKey[]): SecretBox {
  const first = keys[0];
  if (first === undefined) throw new Error("no encryption key is set");
  const bytesById = new Map(keys.map((key, index) => [key.id, usableBytes(keys, key, index)]));
  const sealing = usableBytes(keys, first, 0);

  return {
    async seal(secret, boundTo) {
      const text = sealText(sealing, secret, additionalData(first.id, boundTo));
      return [VERSION, first.id, text].join(".");
    },
    /** @throws Error when the text was changed, is bound elsewhere, or its key isn't ours; it never holds plaintext. */
    async open(sealed, boundTo) {
      const { keyId, text } = parseSealed(sealed);
      const bytes = bytesById.get(keyId);
      if (bytes === undefined)
        throw new Error(`no encryption key "${keyId}" is set, but a text was sealed with it`);
      return openText(bytes, text, additionalData(keyId, boundTo));
    },
  };
}

/**
 * Reads `LICENSE_ENCRYPTION_KEYS`.
 *
 * @param text `keyId:base64(32 bytes)`, several separated by commas; white space around them doesn't matter.
 * @throws Error that names the wrong entry by position, never by what it holds.
 */
export function parseEncryptionKeys(text: string): EncryptionKey[] {
  const keys = text.split(",").map((entry) => {
    const [id = "", ...rest] = entry.trim().split(":");
    return { id, key: new Secret(rest.join(":")) };
  });
  keys.forEach((key, index) => {
    usableBytes(keys, key, index);
  });
  return keys;
}

function usableBytes(keys: readonly EncryptionKey[], { id, key }: EncryptionKey, index: number): Buffer {
  const wrong = (what: string) => new Error(`encryption key ${index + 1} of ${keys.length}: ${what}`);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id))
    throw wrong("expected keyId:base64, its id of letters, digits, _ and -");
  if (keys.findIndex((other) => other.id === id) !== index) throw wrong("its id is taken by an earlier one");
  const bytes = decode(key.reveal(), "base64");
  if (bytes?.length !== KEY_BYTES) throw wrong(`is not the base64 of ${KEY_BYTES} bytes`);
  return bytes;
}

/** A key id holds no dot, so no two pairs of key id and binding read the same. */
function additionalData(keyId: string, boundTo: string): string {
  return `${VERSION}.${keyId}.${boundTo}`;
}

/** @returns The key's id, and what lies behind it. */
function parseSealed(sealed: string): { keyId: string; text: string } {
  const [version, keyId, ...text] = sealed.split(".");
  if (version !== VERSION || keyId === undefined || !KEY_ID.test(keyId)) throw notSealed();
  return { keyId, text: text.join(".") };
}

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Secret } from "../../domain/secret.ts";
import type { SecretBox } from "../../ports.ts";

export interface EncryptionKey {
  /** Stands in clear in every sealed text: letters, digits, `_` and `-`, at most 64. */
  readonly id: string;
  /** Base64 of 32 bytes. */
  readonly key: Secret;
}

const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;
const VERSION = "v1";
const ALGORITHM = "aes-256-gcm";
const KEY_BYTES = 32;
/** 96 random bits: one key may seal 2^32 texts before two are likely to share one (NIST SP 800-38D, 8.3). */
const IV_BYTES = 12;
const TAG_BYTES = 16;

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
      return seal(first.id, sealing, secret, boundTo);
    },
    /** @throws Error when the text was changed, is bound elsewhere, or its key isn't ours; it never holds plaintext. */
    async open(sealed, boundTo) {
      const { keyId, iv, body } = parseSealed(sealed);
      const bytes = bytesById.get(keyId);
      if (bytes === undefined)
        throw new Error(`no encryption key "${keyId}" is set, but a text was sealed with it`);
      return open(bytes, iv, body, additionalData(keyId, boundTo));
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

function seal(keyId: string, key: Buffer, secret: Secret, boundTo: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(keyId, boundTo));
  const body = Buffer.concat([cipher.update(secret.reveal(), "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, keyId, iv.toString("base64url"), body.toString("base64url")].join(".");
}

function open(key: Buffer, iv: Buffer, body: Buffer, aad: Buffer): Secret {
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const plain = decipher.update(body.subarray(0, -TAG_BYTES));
  try {
    return new Secret(Buffer.concat([plain, decipher.final()]).toString("utf8"));
  } catch {
    throw new Error("a sealed text was changed, or belongs to something else");
  }
}

/** A key id holds no dot, so no two pairs of key id and binding read the same. */
function additionalData(keyId: string, boundTo: string): Buffer {
  return Buffer.from(`${VERSION}.${keyId}.${boundTo}`, "utf8");
}

function parseSealed(sealed: string): { keyId: string; iv: Buffer; body: Buffer } {
  const [version, keyId, ivText, bodyText, ...rest] = sealed.split(".");
  const iv = decode(ivText ?? "", "base64url");
  const body = decode(bodyText ?? "", "base64url");
  const isOurs = version === VERSION && rest.length === 0 && iv?.length === IV_BYTES;
  if (!isOurs || keyId === undefined || !KEY_ID.test(keyId) || body === null || body.length < TAG_BYTES) {
    throw new Error("a text is not in the form of a sealed one");
  }
  return { keyId, iv, body };
}

/** Node ignores what is no base64; here a text that isn't exactly what encoding gives is null. */
function decode(text: string, encoding: "base64" | "base64url"): Buffer | null {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : null;
}

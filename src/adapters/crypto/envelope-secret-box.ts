import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import { DAY } from "../../domain/instant.ts";
import type { Clock, SecretBox } from "../../ports.ts";
import { decode, KEY_BYTES, notSealed, openText, sealText } from "./aes-gcm.ts";

/** A key that never leaves where it is kept, and that other keys are wrapped with. */
export interface KeyWrapper {
  /** @throws AppError `store_unavailable`, retryable, where it can't be reached. */
  wrap(key: Buffer): Promise<Buffer>;
  unwrap(wrapped: Buffer): Promise<Buffer>;
}

const VERSION = "k1";
/** A data key seals for a day at most, in one process: far less than 2^32 texts. */
const RENEWED_AFTER = DAY;
/** Data keys kept open: one for each process and day that sealed anything. */
const KEPT_OPEN = 1000;

interface DataKey {
  readonly key: Buffer;
  /** As it stands in every text that it sealed. */
  readonly wrapped: string;
  readonly madeAt: number;
}

/**
 * Seals by AES-256-GCM under data keys of its own, each of which stands in what it sealed, wrapped:
 * `k1.<wrapped data key>.<iv>.<ciphertext+tag>`, base64url. So the wrapper is asked once a day and process, not once a text.
 *
 * @throws Error from `open` when a text was changed or is bound elsewhere; AppError `store_unavailable` from both while the
 *   wrapper is out of reach.
 */
export function createEnvelopeSecretBox(wrapper: KeyWrapper, clock: Pick<Clock, "now">): SecretBox {
  const opened = new LRUCache<string, Promise<Buffer>>({ max: KEPT_OPEN });
  let sealing: Promise<DataKey> | null = null;

  const current = async (): Promise<DataKey> => {
    sealing ??= newDataKey();
    const asked = sealing;
    const known = await asked;
    if (clock.now() - known.madeAt < RENEWED_AFTER) return known;
    // Of many that find it too old the first makes the next one.
    if (sealing === asked) sealing = newDataKey();
    return sealing ?? newDataKey();
  };

  const newDataKey = async (): Promise<DataKey> => {
    try {
      const key = randomBytes(KEY_BYTES);
      const wrapped = (await wrapper.wrap(key)).toString("base64url");
      opened.set(wrapped, Promise.resolve(key));
      return { key, wrapped, madeAt: clock.now() };
    } catch (error) {
      sealing = null;
      throw error;
    }
  };

  const unwrap = (wrapped: string): Promise<Buffer> => {
    const known = opened.get(wrapped);
    if (known !== undefined) return known;
    const bytes = decode(wrapped, "base64url");
    if (bytes === null || bytes.length === 0) throw notSealed();
    const key = wrapper.unwrap(bytes);
    opened.set(wrapped, key);
    // What failed is asked for anew.
    key.catch(() => opened.delete(wrapped));
    return key;
  };

  return {
    async seal(secret, boundTo) {
      const { key, wrapped } = await current();
      return [VERSION, wrapped, sealText(key, secret, boundBy(wrapped, boundTo))].join(".");
    },
    async open(sealed, boundTo) {
      const [version, wrapped = "", ...text] = sealed.split(".");
      if (version !== VERSION) throw notSealed();
      return openText(await unwrap(wrapped), text.join("."), boundBy(wrapped, boundTo));
    },
  };
}

/** True for a text of this box's. */
export function isEnveloped(sealed: string): boolean {
  return sealed.startsWith(`${VERSION}.`);
}

/** A wrapped key holds no dot, so no two pairs read the same. */
function boundBy(wrapped: string, boundTo: string): string {
  return `${VERSION}.${wrapped}.${boundTo}`;
}

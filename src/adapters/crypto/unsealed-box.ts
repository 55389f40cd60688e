import { Secret } from "../../domain/secret.ts";
import type { SecretBox } from "../../ports.ts";

const PREFIX = "unsealed.";

/**
 * Keeps secrets as they are, for an owner who has set no encryption key. Licence keys never come here, since a catalogue
 * that has them is refused without a key; secrets of webhook endpoints do, in a collection that is closed to all clients.
 */
export const unsealedBox: SecretBox = {
  seal: async (secret) => PREFIX + Buffer.from(secret.reveal()).toString("base64url"),
  async open(sealed) {
    if (!sealed.startsWith(PREFIX))
      throw new Error("a sealed text needs LICENSE_ENCRYPTION_KEYS to be opened");
    return new Secret(Buffer.from(sealed.slice(PREFIX.length), "base64url").toString());
  },
};

/** Seals from now on, and still opens what was kept before there was a key. */
export function alsoUnsealed(box: SecretBox): SecretBox {
  return {
    seal: (secret, boundTo) => box.seal(secret, boundTo),
    open: (sealed, boundTo) => (sealed.startsWith(PREFIX) ? unsealedBox : box).open(sealed, boundTo),
  };
}

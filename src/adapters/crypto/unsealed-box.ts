import { asEndpointId } from "../../domain/ids.ts";
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

/**
 * Seals from now on, and still opens the secrets of endpoints that were kept before there was a key. Nothing else: whoever
 * can write to the database must not be able to put a licence key in place of a sealed one.
 */
export function alsoUnsealed(box: SecretBox): SecretBox {
  const isKept = (sealed: string, boundTo: string) =>
    sealed.startsWith(PREFIX) && asEndpointId(boundTo) !== null;
  return {
    seal: (secret, boundTo) => box.seal(secret, boundTo),
    open: (sealed, boundTo) => (isKept(sealed, boundTo) ? unsealedBox : box).open(sealed, boundTo),
  };
}

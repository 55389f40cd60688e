import type { SecretBox } from "../../ports.ts";
import { isEnveloped } from "./envelope-secret-box.ts";
import { alsoUnsealed, unsealedBox } from "./unsealed-box.ts";

/** The boxes that an owner has set up; null: none of this kind. */
export interface SecretBoxes {
  /** Under keys of the owner's own (`LICENSE_ENCRYPTION_KEYS`). */
  readonly local: SecretBox | null;
  /** Under a key in Cloud KMS (`LICENSE_KMS_KEY`). */
  readonly kms: SecretBox | null;
  /** Which of them seals; each opens what it sealed, so an owner can move from one to the other while all runs. */
  readonly sealing: "local" | "kms";
}

/** All of an owner's boxes as one. Without any, secrets of webhook endpoints are kept as they are. */
export function combineSecretBoxes({ local, kms, sealing }: SecretBoxes): SecretBox {
  const chosen = sealing === "kms" ? (kms ?? local) : (local ?? kms);
  if (chosen === null) return unsealedBox;
  const boxOf = (sealed: string) => {
    const box = isEnveloped(sealed) ? kms : local;
    if (box !== null) return box;
    const setting = isEnveloped(sealed) ? "LICENSE_KMS_KEY" : "LICENSE_ENCRYPTION_KEYS";
    throw new Error(`${setting} is not set, but a text was sealed with it`);
  };
  return alsoUnsealed({
    seal: (secret, boundTo) => chosen.seal(secret, boundTo),
    open: async (sealed, boundTo) => boxOf(sealed).open(sealed, boundTo),
  });
}

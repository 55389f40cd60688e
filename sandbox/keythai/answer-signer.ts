import { createPrivateKey, createPublicKey, type JsonWebKey, sign } from "node:crypto";
import { bytes, type Random } from "../random.ts";

export type Signer = {
  /** The answer with `signature` and `kid`. */
  sign<T extends Record<string, unknown>>(answer: T): T & { signature: string; kid: string };
  publicKeys(): { publicJwk: JsonWebKey }[];
};

/** The PKCS#8 envelope of an Ed25519 key, which is 32 bytes of chance. */
const ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

const UNSIGNED = ["signature", "kid", "machine"];

/** Ed25519 over the canonical JSON of an answer without `signature`, `kid` and `machine` (facts, License API). */
export function createSigner(random: Random): Signer {
  const key = Buffer.concat([ED25519, bytes(random, 32)]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const kid = "kt-sandbox-1";
  return {
    sign(answer) {
      const signed = Object.fromEntries(Object.entries(answer).filter(([key]) => !UNSIGNED.includes(key)));
      const signature = sign(null, Buffer.from(canonicalJson(signed)), privateKey).toString("base64");
      return { ...answer, signature, kid };
    },
    publicKeys: () => [
      { publicJwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA", use: "sig" } },
    ],
  };
}

/** Keys sorted, null dropped, no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== null && inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(",")}}`;
}

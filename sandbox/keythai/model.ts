export type LicenceStatus = "active" | "suspended" | "revoked";

export type Machine = {
  fingerprint: string;
  name: string | null;
  platform: string | null;
  hostname: string | null;
  activatedAt: number;
  seenAt: number;
};

/** A licence as KeyThai keeps it: of its key only the hash and the last four characters. */
export type Licence = {
  readonly id: string;
  readonly keyHash: string;
  readonly keyLast4: string;
  readonly product: string;
  readonly policyId: string;
  readonly createdAt: number;
  status: LicenceStatus;
  holderName: string | null;
  holderEmail: string | null;
  metadata: Record<string, unknown>;
  /** Epoch seconds; null: no end. */
  expiresAt: number | null;
  machines: Machine[];
};

export type Product = { id: string; code: string; name: string };

export type Policy = {
  id: string;
  productId: string;
  name: string;
  type: "perpetual" | "subscription";
  maxMachines: number;
};

/** `{"error":{"code","message"}}` with a status (facts "Basics"). */
export class KeyThaiError extends Error {
  override readonly name = "KeyThaiError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

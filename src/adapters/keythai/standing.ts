import { SECOND } from "../../domain/instant.ts";
import type { LicenseStanding } from "../../ports.ts";
import { KeyThaiApiError } from "./keythai-error.ts";
import type { KeyThaiLicense } from "./keythai-schemas.ts";
import { isGone } from "./outside-error.ts";

/** KeyThai's words; `expired` is no more than its end having passed. */
const STATUS = new Map<string | null, LicenseStanding["status"]>([
  ["active", "active"],
  ["expired", "active"],
  ["suspended", "suspended"],
  ["revoked", "gone"],
]);

/**
 * How a licence stands there by its own account.
 *
 * @throws KeyThaiApiError `INVALID_RESPONSE` on a status that nobody knows: nothing may follow from it.
 */
export function standingOf({ status, expires_at }: KeyThaiLicense): LicenseStanding {
  const known = STATUS.get(status);
  if (known === undefined) throw new KeyThaiApiError("INVALID_RESPONSE", 200, "an unknown status");
  return { status: known, expiresAt: expires_at === null ? null : expires_at * SECOND };
}

/** What a refusal says of how it stands; null: nothing. */
export function standingToldBy(error: unknown): LicenseStanding | null {
  if (isGone(error)) return { status: "gone", expiresAt: null };
  if (!(error instanceof KeyThaiApiError) || error.status === 401) return null;
  if (error.code === "LICENSE_SUSPENDED") return { status: "suspended", expiresAt: null };
  return error.code === "LICENSE_EXPIRED" ? { status: "active", expiresAt: null } : null;
}

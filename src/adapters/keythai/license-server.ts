import type { OutsideError } from "../../domain/errors.ts";
import type { SlotId } from "../../domain/ids.ts";
import type { Secret } from "../../domain/secret.ts";
import type { LicenseOrder, LicenseServer } from "../../ports.ts";
import { searchSlot } from "./find-by-slot.ts";
import type { KeyThaiClient, ListLicensesInput, UpdateLicenseInput } from "./keythai-client.ts";
import { KeyThaiApiError } from "./keythai-error.ts";
import { isGone, licenseGone, toOutsideError } from "./outside-error.ts";
import { repeat } from "./repeat.ts";
import { standingOf, standingToldBy } from "./standing.ts";

export interface LicenseServerOptions {
  readonly client: KeyThaiClient;
  /** How long a create may take, in ms; the caller keeps more than that of its lease. */
  readonly issueTimeoutMs: number;
  /** How many pages of 100 a search may read, once by `q` and once without. */
  readonly maxPages: number;
  /** The list went on after `maxPages`: what was found may not be all. */
  readonly onTruncated?: (slotId: SlotId) => void;
  /** Pause before the second try of a call that may be repeated, in ms. */
  readonly retryDelayMs?: number;
  /** The longest Retry-After waited for inside a call, in ms; a longer one ends it as `busy`. */
  readonly retryAfterCapMs?: number;
}

/**
 * Fits KeyThai to the port. All but `issue` are tried three times; each try may take the client's time-out.
 *
 * What the methods throw is OutsideError: `refused` with `keythai_quota_exceeded`, `keythai_validation_error`,
 * `keythai_unauthorized`, `keythai_license_gone` or `keythai_refused`; `busy` with `keythai_rate_limited` or
 * `keythai_unavailable`; `unknown` (issue only) with `keythai_unavailable`.
 */
export function createLicenseServer(options: LicenseServerOptions): LicenseServer {
  const { client, issueTimeoutMs, maxPages, onTruncated } = options;
  const { retryDelayMs = 250, retryAfterCapMs = 3_000 } = options;
  const repeated = <T>(call: () => Promise<T>) => repeat(call, { retryDelayMs, retryAfterCapMs });

  /** Told to be what it is already, a licence may be refused: then how it stands tells. */
  const standsSo = async (error: unknown, key: Secret, action: UpdateLicenseInput["action"]) => {
    if (action === "revoke" || !isRefused(error)) return false;
    const { status } = await client.getLicense(key);
    return status === (action === "resume" ? "active" : "suspended");
  };

  return {
    issueTimeoutMs,

    async issue(order) {
      try {
        const [license] = await client.createLicense(toInput(order), { timeoutMs: issueTimeoutMs });
        return { key: license.key, licenseId: license.id };
      } catch (error) {
        throw toOutsideError(error, "unknown");
      }
    },

    async findBySlot(slotId) {
      const listPage = (input: ListLicensesInput) => repeated(() => client.listLicenses(input));
      try {
        const { found, truncated } = await searchSlot({ slotId, listPage, maxPages });
        if (truncated) onTruncated?.(slotId);
        return found;
      } catch (error) {
        throw toOutsideError(error, "busy");
      }
    },

    async setStatus(key, action) {
      try {
        await repeated(() => client.updateLicense(key, { action }));
      } catch (error) {
        if (isReached(error, action) || (await standsSo(error, key, action))) return;
        throw updateError(error);
      }
    },

    async setExpiry(key, at) {
      // Rounded up: a licence must not end before what was paid for does.
      const expiresAt = Math.ceil(at / 1000);
      try {
        await repeated(() => client.updateLicense(key, { expiresAt }));
      } catch (error) {
        throw updateError(error);
      }
    },

    async standing(key) {
      try {
        return standingOf(await repeated(() => client.getLicense(key)));
      } catch (error) {
        const told = standingToldBy(error);
        if (told !== null) return told;
        throw toOutsideError(error, "busy");
      }
    },
  };
}

function updateError(error: unknown): OutsideError {
  return isGone(error) ? licenseGone(error) : toOutsideError(error, "busy");
}

/** KeyThai's no that means: it is so already, perhaps by a first try whose answer was lost. */
function isReached(error: unknown, action: UpdateLicenseInput["action"]): boolean {
  if (action === "revoke") return isGone(error);
  return action === "suspend" && error instanceof KeyThaiApiError && error.code === "LICENSE_SUSPENDED";
}

/** A no that is about the licence, and not about us. */
function isRefused(error: unknown): boolean {
  return error instanceof KeyThaiApiError && [400, 409, 422].includes(error.status) && !isGone(error);
}

/** By `slot` and `attempt` a licence is found whose key was lost; the rest is for people who look at KeyThai. */
function toInput({
  product,
  policyId,
  orderId,
  purchaseId,
  grantId,
  slotId,
  customerId,
  attempt,
}: LicenseOrder) {
  const order = orderId ?? purchaseId;
  const metadata = {
    // A gift has neither.
    ...(order === null ? {} : { order }),
    ...(purchaseId === null ? {} : { purchase: purchaseId }),
    grant: grantId,
    slot: slotId,
    customer: customerId,
    attempt: String(attempt),
  };
  return { product, policyId, metadata };
}

import type { GrantEventType } from "./grant-events.ts";
import type { EndpointId } from "./ids.ts";
import { DAY, HOUR, type Instant } from "./instant.ts";
import { same } from "./same.ts";

/** A signing secret as it is kept: sealed, bound to its endpoint. */
export interface EndpointSecret {
  readonly sealed: string;
  /** When it stops signing; null for the newest one. */
  readonly until: Instant | null;
}

/** An address of the owner's systems that hears of grants. */
export interface WebhookEndpoint {
  readonly id: EndpointId;
  readonly url: string;
  readonly description: string;
  /** Null: all. */
  readonly eventTypes: readonly GrantEventType[] | null;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  /** The newest first; each signs until it ends. */
  readonly secrets: readonly EndpointSecret[];
  /** Since when every attempt has failed; null: the last one didn't. */
  readonly failingSince: Instant | null;
  /** The last failure, give or take an hour; after a long silence the next one is the first of another trouble. */
  readonly failedAt: Instant | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export type EndpointSeed = Pick<WebhookEndpoint, "id" | "url" | "description" | "eventTypes">;

export function newEndpoint(seed: EndpointSeed, sealed: string, now: Instant): WebhookEndpoint {
  return {
    ...seed,
    enabled: true,
    disabledReason: null,
    secrets: [{ sealed, until: null }],
    failingSince: null,
    failedAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** What a person may change; what isn't given stays. */
export interface EndpointPatch {
  readonly url?: string;
  readonly description?: string;
  readonly eventTypes?: readonly GrantEventType[] | null;
  readonly enabled?: boolean;
  /** With `enabled: false`. */
  readonly disabledReason?: string;
}

/**
 * A new address, and one that is switched on again, begin without a record of failures.
 *
 * @returns The same object where the patch says nothing new.
 */
export function patchEndpoint(
  endpoint: WebhookEndpoint,
  patch: EndpointPatch,
  now: Instant,
): WebhookEndpoint {
  const { disabledReason: reason = null, ...fields } = patch;
  const changed = { ...endpoint, ...fields };
  const anew = changed.url !== endpoint.url || (changed.enabled && !endpoint.enabled);
  const after: WebhookEndpoint = {
    ...changed,
    disabledReason: changed.enabled ? null : (reason ?? endpoint.disabledReason ?? "disabled by an admin"),
    ...(anew ? NOT_FAILING : {}),
  };
  return same(after, endpoint) ? endpoint : { ...after, updatedAt: now };
}

const NOT_FAILING = { failingSince: null, failedAt: null };

/** For so long after a rotation both secrets sign, so that receivers can follow (entitlement-grants.md section 7). */
const OVERLAP = DAY;
/** More signatures than a receiver needs to follow; each makes the header longer. */
const MAX_SECRETS = 5;

/**
 * @param overlap False: what signed so far stops at once.
 * @returns The same object where it signs with this one already: the answer to that commit was lost.
 */
export function rotateSecret(
  endpoint: WebhookEndpoint,
  sealed: string,
  overlap: boolean,
  now: Instant,
): WebhookEndpoint {
  if (endpoint.secrets[0]?.sealed === sealed) return endpoint;
  const former = overlap ? liveSecrets(endpoint, now).map((secret) => endsBy(secret, now + OVERLAP)) : [];
  const secrets = [{ sealed, until: null }, ...former].slice(0, MAX_SECRETS);
  return { ...endpoint, secrets, updatedAt: now };
}

function endsBy(secret: EndpointSecret, by: Instant): EndpointSecret {
  return { ...secret, until: Math.min(secret.until ?? by, by) };
}

/** Those that sign now, the newest first. */
export function liveSecrets({ secrets }: WebhookEndpoint, now: Instant): readonly EndpointSecret[] {
  return secrets.filter(({ until }) => until === null || until > now);
}

export function wants({ enabled, eventTypes }: WebhookEndpoint, type: GrantEventType): boolean {
  return enabled && (eventTypes === null || eventTypes.includes(type));
}

/** Failures alone for so long, and nobody is at home (entitlement-grants.md section 7). */
const FAILING_FOR = 5 * DAY;
/** Longer than the longest pause of the schedule. */
const SILENCE = DAY;
/** Written once an hour at most, however much fails. */
const FRESH_FOR = HOUR;
/** 410: whoever lived here says that they are gone for good. */
const GONE = 410;

/** What an attempt says about the endpoint itself. The same object: nothing new. */
export function noteAttempt(
  endpoint: WebhookEndpoint,
  { succeeded, statusCode }: { readonly succeeded: boolean; readonly statusCode: number | null },
  now: Instant,
): WebhookEndpoint {
  if (!endpoint.enabled) return endpoint;
  if (succeeded) return endpoint.failingSince === null ? endpoint : { ...endpoint, ...NOT_FAILING };
  if (statusCode === GONE) return disable(endpoint, "answered 410 Gone", now);
  const { failingSince, failedAt } = endpoint;
  const quiet = now - (failedAt ?? now);
  if (failingSince === null || quiet > SILENCE) return { ...endpoint, failingSince: now, failedAt: now };
  if (now - failingSince >= FAILING_FOR) return disable(endpoint, "failed for five days", now);
  return quiet > FRESH_FOR ? { ...endpoint, failedAt: now } : endpoint;
}

function disable(endpoint: WebhookEndpoint, disabledReason: string, now: Instant): WebhookEndpoint {
  return { ...endpoint, enabled: false, disabledReason, updatedAt: now };
}

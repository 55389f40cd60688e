import type { Caller, Ports } from "../ports.ts";

/** How many of a customer's verifies are still free in this minute. */
export interface RateLimiter {
  /** @returns Milliseconds to wait when it is too many; null when it is fine. */
  take(customerId: string, count: number): Promise<number | null>;
}

export interface AdminKey {
  readonly name: string;
  /** SHA-256 of the key, hex. */
  readonly sha256: string;
}

/** What the routes work with. */
export interface HttpPorts extends Ports {
  readonly verifyRate: RateLimiter;
  readonly adminKeys: readonly AdminKey[];
  readonly metrics: { text(): Promise<{ contentType: string; body: string }> };
}

export interface HttpEnv {
  Variables: {
    requestId: string;
    caller: Caller;
    /** The name of the admin key. */
    admin: string;
  };
}

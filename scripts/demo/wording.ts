import type { Grant } from "./customer.ts";

export function keyIn(grants: readonly Grant[]): string | null {
  return grants.find(({ license_key }) => license_key !== null)?.license_key?.key ?? null;
}

/** The customer gets the whole key; on a screen that others see, its last four characters do. */
export function masked(key: string | null): string {
  return key === null ? "none" : key.slice(0, -4).replace(/[A-Za-z0-9]/g, "•") + key.slice(-4);
}

export function minute(time: string | number | null | undefined): string {
  return time == null ? "never" : `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

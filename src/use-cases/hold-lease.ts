import type { LeasedEffect, Ports } from "../ports.ts";

/**
 * A call goes out only under a lease that lasts longer than the call can.
 *
 * @param ms Longest time that the call takes.
 * @returns The lease, taken anew where it would not have lasted; null: it was lost, or is too short.
 */
export async function holdLease(
  { outbox, clock }: Pick<Ports, "outbox" | "clock">,
  leased: LeasedEffect,
  ms: number,
): Promise<LeasedEffect | null> {
  if (leased.leasedUntil - clock.monotonic() > ms) return leased;
  const renewed = await outbox.renew(leased);
  return renewed !== null && renewed.leasedUntil - clock.monotonic() > ms ? renewed : null;
}

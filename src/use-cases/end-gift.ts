import type { Effect } from "../domain/effect.ts";
import { endGiftDecision } from "../domain/gift-decisions.ts";
import { NO_IDS } from "../domain/purchase-file.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";

/** Ends a gift whose time is over; what follows outside begins at once. May be repeated. */
export async function endGift(
  ports: EffectPorts,
  { customerId, slotId }: Extract<Effect, { kind: "end_gift" }>,
): Promise<EffectResult> {
  const { leased } = await ports.store.update(
    { ...NO_IDS, customerId },
    (file) => endGiftDecision(file, slotId, ports.clock.now()),
    { run: ports.background.hasRoom() },
  );
  ports.effects.start(leased);
  return { kind: "done" };
}

import type { Instant } from "../../src/domain/instant.ts";
import { sweepDuePurchases } from "../../src/use-cases/sweep-due-purchases.ts";
import type { AllPorts } from "../support/ports.ts";
import type { Storage } from "./storage.ts";

/** What a worker does by itself now and then; a new sweep is a line in {@link SWEEPS}. */
export interface Sweep {
  readonly name: string;
  /** How often it runs while time passes; null: whenever {@link nextAt} says. */
  readonly everyMs: number | null;
  /** When it has something to do next; null: nothing. Saves running it in vain. */
  nextAt?(storage: Storage): Promise<Instant | null>;
  run(ports: AllPorts): Promise<unknown>;
}

/** Later than anything that a test has to do with. */
const FOREVER = Date.UTC(2100, 0);

export const SWEEPS: readonly Sweep[] = [
  { name: "due", everyMs: null, nextAt: nextDue, run: (ports) => sweepDuePurchases(ports, 200) },
];

/** When Google has to be asked next about any purchase. */
async function nextDue({ records, store }: Storage): Promise<Instant | null> {
  const [first] = await records.dueForSync(FOREVER, 1);
  if (first === undefined) return null;
  const { file } = await store.load({
    purchaseId: first.id,
    relatedId: null,
    formerId: null,
    customerId: null,
  });
  return file.purchase?.nextSyncAt ?? null;
}

/** When the first effect of the outbox is due. */
export async function nextEffect({ outbox }: Storage): Promise<Instant | null> {
  return (await outbox.backlog(FOREVER)).oldestDueAt;
}

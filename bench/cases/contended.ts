import type { Lab } from "../parts/lab.ts";
import { fire } from "../parts/load.ts";
import { type PurchaseType, productId } from "../parts/shop.ts";
import { spread, table } from "../parts/stats.ts";

const CLIENTS = [2, 5, 10, 20, 100] as const;
const TRIES = 5;
const EFFECTS_EACH = 2;

/** One new purchase, its app on several devices and its notice several times over, all at the same moment. */
export async function contended(lab: Lab, type: PurchaseType): Promise<string> {
  const subject = await lab.startSubject();
  const { app: port } = await subject.ask.ports();
  await subject.ask.setEffects("run_without_worker");

  async function once(clients: number): Promise<{ answered: number; drained: number; google: number }> {
    const [bought] = await lab.sandbox.ask.buy(productId(type, "licence"), 1);
    if (bought === undefined) throw new Error("nothing was bought");
    const shots = Array.from({ length: clients }, (_, index) =>
      index % 2 === 0 ? lab.verify(bought) : lab.push(bought),
    );
    const before = await lab.sandbox.ask.calls();
    const done = await subject.ask.effectsDone();
    const startedAt = performance.now();
    const { ms, statuses } = await fire(port, shots, clients);
    await subject.ask.effectsReach(done + EFFECTS_EACH);
    const drained = performance.now() - startedAt;
    if (Object.keys(statuses).some((status) => !status.startsWith("2")))
      throw new Error(JSON.stringify(statuses));
    const after = await lab.sandbox.ask.calls();
    return { answered: ms, drained, google: after.get - before.get };
  }

  for (let warm = 0; warm < 20; warm += 1) await once(5);
  const licences = await lab.sandbox.ask.licences();
  const rows: (string | number)[][] = [];
  for (const clients of CLIENTS) {
    const tries = [];
    for (let turn = 0; turn < TRIES; turn += 1) tries.push(await once(clients));
    rows.push([
      clients,
      spread(
        tries.map(({ answered }) => answered),
        0,
      ),
      spread(
        tries.map(({ drained }) => drained),
        0,
      ),
      spread(
        tries.map(({ google }) => google),
        0,
      ),
    ]);
  }
  const made = (await lab.sandbox.ask.licences()) - licences;
  const wanted = CLIENTS.length * TRIES;
  await subject.stop();
  return `${table(["clients", "ms until all are answered", "ms until drained", "Google reads"], rows)}
licences made: ${made} for ${wanted} purchases: ${made === wanted ? "one each" : "WRONG"}`;
}

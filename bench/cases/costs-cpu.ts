import type { Lab } from "../parts/lab.ts";
import { fire, type Shot } from "../parts/load.ts";
import { type Cell, markdown } from "../parts/markdown.ts";
import type { Helper } from "../parts/remote.ts";
import { type Bought, productId } from "../parts/shop.ts";
import type { SubjectMethods } from "../parts/subject.ts";

const WARM = 200;
const COUNTED = 600;
const AT_ONCE = 8;
/** What follows behind the answers: to be acknowledged, to be published. */
const EFFECTS_EACH = 2;

/** CPU time of the measured process for each request and all that follows from it: an order of magnitude, of this machine. */
export async function costsCpu(lab: Lab): Promise<string> {
  const subject = await lab.startSubject();
  await subject.ask.setEffects("run_without_worker");
  const measure = (shotOf: (bought: Bought) => Shot, bought: readonly Bought[], effects: number) =>
    cpuEach(subject, bought.map(shotOf), effects);
  const buy = (count: number) => lab.sandbox.ask.buy(productId("subscription", "feature"), count);
  await measure(lab.verify, await buy(WARM), EFFECTS_EACH);
  const verified = await buy(COUNTED);
  const rows: Cell[][] = [
    ["first verify of a subscription", await measure(lab.verify, verified, EFFECTS_EACH)],
    ["notice of a purchase that the app verified", await measure(lab.push, verified, 0)],
    ["notice of a purchase that no app told of", await measure(lab.push, await buy(COUNTED), EFFECTS_EACH)],
    ["verify repeated within `VERIFY_FRESH_SECONDS`", await measure(lab.verify, verified, 0)],
  ];
  await subject.stop();
  return markdown(["CPU of a feature", "ms each"], rows);
}

/** @returns ms, to a tenth. */
async function cpuEach(
  { ask }: Helper<SubjectMethods>,
  shots: readonly Shot[],
  effects: number,
): Promise<number> {
  const { app } = await ask.ports();
  const done = await ask.effectsDone();
  const before = await ask.cpuMs();
  const { statuses } = await fire(app, shots, AT_ONCE);
  if (Object.keys(statuses).some((status) => !status.startsWith("2")))
    throw new Error(JSON.stringify(statuses));
  await ask.effectsReach(done + effects * shots.length);
  const spent = (await ask.cpuMs()) - before;
  return Math.round((10 * spent) / shots.length) / 10;
}

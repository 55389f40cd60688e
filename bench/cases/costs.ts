import { startEmulators } from "../../scripts/emulators.ts";
import { DAY } from "../../src/domain/instant.ts";
import { meterBilled } from "../parts/cost-meter.ts";
import { passTime } from "../parts/costed-life.ts";
import type { ShopOptions } from "../parts/costed-settings.ts";
import { STORIES } from "../parts/costed-stories.ts";
import {
  FEATURE,
  type InShop,
  LICENCE,
  ledgerRows,
  row,
  shopsOn,
  spentTable,
  TOLD,
} from "../parts/costed-tables.ts";
import { type Cell, markdown } from "../parts/markdown.ts";
import { emptyPasses, idleHours, twoWorkers } from "./costs-idle.ts";

const SHOPS = { "a feature": FEATURE, "a licence": LICENCE, "a licence, an endpoint, letters": TOLD };
const YEAR = 365 * DAY;

/** What is paid for or limited, counted: operation by operation, in a year of a subscriber, and while nothing happens. */
export async function costs(): Promise<string> {
  const inShop = shopsOn(meterBilled());
  const emulators = await startEmulators({ pubsub: false });
  Object.assign(process.env, emulators.env);
  try {
    const parts: string[] = [];
    for (const [name, options] of Object.entries(SHOPS)) parts.push(await operations(inShop, name, options));
    for (const [name, options] of Object.entries(SHOPS)) parts.push(await year(inShop, name, options));
    parts.push(await refusedCharge(inShop));
    parts.push(await idleHours(inShop), await emptyPasses(inShop), await twoWorkers(inShop));
    return parts.join("\n\n");
  } finally {
    await emulators.stop();
    for (const name of Object.keys(emulators.env)) delete process.env[name];
  }
}

async function operations(inShop: InShop, name: string, options: ShopOptions): Promise<string> {
  const rows: Cell[][] = [];
  for (const { name: what, of, run } of STORIES) {
    if (of === undefined || of === options.gives) rows.push(row(what, await inShop(options, run)));
  }
  return spentTable(name, rows);
}

/** A year after the first day, on which all was bought, delivered and told; Google renews each 30 days. */
async function year(inShop: InShop, name: string, options: ShopOptions): Promise<string> {
  return inShop(options, async (shop) => {
    const rows = ledgerRows(await passTime(shop, shop.now() + YEAR));
    const stored = Object.entries(await shop.stored());
    const sizes = stored.map(([collection, { documents, bytes }]): Cell[] => [collection, documents, bytes]);
    return [
      spentTable(`a year of a monthly subscriber: ${name}`, rows),
      markdown([`stored by ${name}`, "documents", "bytes"], sizes),
      `bytes of a notice: ${Math.min(...shop.noticeBytes)} to ${Math.max(...shop.noticeBytes)}`,
    ].join("\n\n");
  });
}

/** A renewal that Google can't charge: a day in which it says nothing, then days of grace. */
async function refusedCharge(inShop: InShop): Promise<string> {
  return inShop(FEATURE, async (shop) => {
    const [{ purchaseToken } = { purchaseToken: "" }] = shop.sandbox.play.purchases();
    shop.sandbox.play.act(purchaseToken, "decline", { silentHours: 24, graceDays: 3 });
    const silent = await passTime(shop, shop.now() + 31 * DAY);
    const grace = await passTime(shop, shop.now() + 2.9 * DAY);
    return [
      spentTable("a charge refused: to the end of a silent day", ledgerRows(silent)),
      spentTable("and three days of grace", ledgerRows(grace)),
    ].join("\n\n");
  });
}

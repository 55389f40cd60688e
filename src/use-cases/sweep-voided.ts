import { AppError } from "../domain/errors.ts";
import { toVoidedPage, type VoidedPurchase } from "../domain/google-play/voided-purchase.ts";
import { type PurchaseId, purchaseId } from "../domain/ids.ts";
import { DAY, type Instant, MINUTE } from "../domain/instant.ts";
import { observe } from "../domain/observation.ts";
import { type PurchaseRecord, purchaseRef } from "../domain/purchase-file.ts";
import { rememberVoid } from "./remember-void.ts";
import {
  addReports,
  handleEach,
  NOTHING_FOUND,
  noteFailure,
  type SweepPorts,
  type SweepReport,
  shuffled,
} from "./sweep.ts";
import { syncPurchase } from "./sync-purchase.ts";

/** Google keeps 30 days, and refuses to be asked for more: our clock may be a little behind. */
const REACH = 30 * DAY - MINUTE;
/** Google files a void by when it recorded it, and tells us when it happened: lists that overlap miss nothing. */
const OVERLAP = DAY;
/** Pages a pass, of up to 1,000 voids each: Google allows 30 calls in 30 s. */
const MAX_PAGES = 20;
const READ_AT_ONCE = 100;

/** How far into an app's list this process has come. */
interface Place {
  readonly since: Instant;
  readonly begunAt: Instant;
  readonly pageToken: string | null;
  /** Nothing has failed so far. */
  readonly clean: boolean;
}

/**
 * Goes through Google's list of refunds and chargebacks, app by app, and takes back what was voided without our hearing of
 * it (google-play.md section 10). The mark moves only once a list was handled to its end, to when that list was begun; a
 * pass that has had enough, or that Google had enough of, goes on where it stopped the next time.
 */
export function createVoidedSweep(): (ports: SweepPorts) => Promise<SweepReport> {
  const places = new Map<string, Place>();
  return async (ports) => {
    let total = NOTHING_FOUND;
    for (const packageName of ports.settings.policy.catalog.packages) {
      total = addReports(total, await sweepApp(ports, packageName, places));
    }
    return total;
  };
}

async function sweepApp(
  ports: SweepPorts,
  packageName: string,
  places: Map<string, Place>,
): Promise<SweepReport> {
  let total = NOTHING_FOUND;
  let place = places.get(packageName) ?? null;
  places.delete(packageName);
  try {
    place ??= await beginList(ports, packageName);
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const { report, next } = await sweepPage(ports, packageName, place);
      total = addReports(total, report);
      place = { ...place, pageToken: next, clean: place.clean && report.failed === 0 };
      if (next !== null) continue;
      if (place.clean) await ports.sweepRecords.setMark(markOf(packageName), place.begunAt);
      return total;
    }
    places.set(packageName, place);
    return { ...total, more: true };
  } catch (error) {
    noteFailure(ports.log, { kind: "voided", package_name: packageName }, error);
    if (place !== null && mayGoOn(place, error, ports.clock.now())) places.set(packageName, place);
    return addReports(total, { ...NOTHING_FOUND, failed: 1 });
  }
}

/** Of a long list Google may have enough for now: begun anew each time, it would never be read to its end. */
function mayGoOn({ begunAt }: Place, error: unknown, now: Instant): boolean {
  return error instanceof AppError && error.retryable && now - begunAt < DAY;
}

function markOf(packageName: string): string {
  return `voided:${packageName}`;
}

async function beginList({ sweepRecords, clock }: SweepPorts, packageName: string): Promise<Place> {
  const begunAt = clock.now();
  const mark = await sweepRecords.mark(markOf(packageName));
  const since = Math.max(begunAt - REACH, mark === null ? 0 : mark - OVERLAP);
  return { since, begunAt, pageToken: null, clean: true };
}

async function sweepPage(
  ports: SweepPorts,
  packageName: string,
  { since, pageToken }: Place,
): Promise<{ report: SweepReport; next: string | null }> {
  const json = await ports.play.voidedPurchases({ packageName, since, pageToken });
  const { voids, unreadable, nextPageToken } = toVoidedPage(json, ports.clock.now());
  if (unreadable > 0) ports.log.error("voided.unreadable", { package_name: packageName, count: unreadable });
  const purchases = byPurchase(packageName, voids);
  const known = await readKnown(ports, [...purchases.keys()]);
  const report = await handleEach(ports, {
    sweep: "voided",
    // Many that fail one after the other end the pass: the rest must not be behind the same ones each time.
    items: shuffled([...purchases], ports.chance),
    limit: Number.POSITIVE_INFINITY,
    fieldsOf: ([id]) => ({ purchase_id: id }),
    handle: ([id, ofPurchase]) => applyVoids(ports, packageName, known.get(id) ?? null, ofPurchase),
  });
  return { report, next: nextPageToken };
}

function byPurchase(
  packageName: string,
  voids: readonly VoidedPurchase[],
): Map<PurchaseId, VoidedPurchase[]> {
  return Map.groupBy(voids, ({ token }) => purchaseId(packageName, token));
}

async function readKnown(
  { adminRecords }: SweepPorts,
  ids: readonly PurchaseId[],
): Promise<Map<PurchaseId, PurchaseRecord>> {
  const known = new Map<PurchaseId, PurchaseRecord>();
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const records = await adminRecords.purchases(ids.slice(from, from + READ_AT_ONCE));
    for (const record of records) known.set(record.id, record);
  }
  return known;
}

/** Of one purchase, one after the other: they would only meet in its documents. */
async function applyVoids(
  ports: SweepPorts,
  packageName: string,
  record: PurchaseRecord | null,
  voids: readonly VoidedPurchase[],
): Promise<boolean> {
  const isNew = ({ observation }: VoidedPurchase) =>
    record === null || observe(record.observations, observation) !== record.observations;
  const news = voids.filter(isNew);
  for (const voided of news) await applyVoid(ports, packageName, record, voided);
  return news.length > 0;
}

/** What nobody has presented yet has nothing to be taken back: should it come after all, it comes as voided. */
async function applyVoid(
  ports: SweepPorts,
  packageName: string,
  record: PurchaseRecord | null,
  { token, observation }: VoidedPurchase,
): Promise<void> {
  const ref = purchaseRef(packageName, record?.type ?? "subscription", token);
  if (record === null || record.answer === null) return rememberVoid(ports, ref, observation);
  const request = { claimant: null, productId: null, observation, acceptAgeMs: 0 };
  const synced = await syncPurchase(ports, { ...request, ref, cause: "sweep", priority: "sweep" });
  if (synced.kind === "refused") await rememberVoid(ports, ref, observation);
}

import { setTimeout as sleep } from "node:timers/promises";
import type { FaultInput } from "../../sandbox/faults.ts";
import type { Purchase } from "../../sandbox/play/model.ts";
import { auditCrashRun } from "./crash-audit.ts";
import { type Lab, type Stored, startLab } from "./lab.ts";
import type { ServiceProcess } from "./processes.ts";
import { verify } from "./wire.ts";

/**
 * The service under load while it is killed again and again, with a KeyThai that is slow, loses answers and hangs and a
 * Google that stumbles; then quiet; then everything is counted.
 */

export interface CrashOptions {
  readonly project: string;
  readonly kills: number;
  /** How many service processes run side by side; a random one is killed each time. */
  readonly processes: number;
  /** Customers who do something at the same time. */
  readonly shoppers: number;
  readonly leaseSeconds: number;
  /** Between a start and the next kill, in ms, by chance. */
  readonly betweenKillsMs: readonly [number, number];
  /** Share of them, from 0 to 1, that are frozen past their leases before they are killed or go on. */
  readonly freezes: number;
  /** How long the outbox may take to run empty. */
  readonly drainMs: number;
  say(line: string): void;
}

export interface CrashReport {
  /** What is wrong; empty is right. */
  readonly problems: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** Where the services' output is, if something was wrong. */
  readonly output: string | null;
}

const CREATE = "POST /keythai/v1/licenses";
const UPDATE = "PATCH /keythai/v1/licenses";

/** What goes wrong while the load lasts. Each has its own dice; the first that strikes, strikes. */
const FAULTS: readonly FaultInput[] = [
  { service: "keythai", kind: "cut_after", path: CREATE, probability: 0.08 },
  { service: "keythai", kind: "cut_before", path: CREATE, probability: 0.04 },
  { service: "keythai", kind: "broken_json", path: CREATE, probability: 0.03 },
  { service: "keythai", kind: "hang", path: CREATE, probability: 0.02 },
  { service: "keythai", kind: "status_503", path: CREATE, probability: 0.04 },
  { service: "keythai", kind: "slow", path: CREATE, probability: 0.5, delayMs: 400 },
  { service: "keythai", kind: "cut_after", path: UPDATE, probability: 0.05 },
  { service: "keythai", kind: "slow", path: UPDATE, probability: 0.3, delayMs: 200 },
  { service: "play", kind: "status_503", probability: 0.03 },
  { service: "play", kind: "cut_after", probability: 0.03 },
  { service: "rtdn", kind: "double", probability: 0.1 },
];

export async function crashRun(options: CrashOptions): Promise<CrashReport> {
  const lab = await startLab(options.project, {
    rtdn: "push",
    env: {
      EFFECT_LEASE_SECONDS: String(options.leaseSeconds),
      VERIFY_FRESH_SECONDS: "0",
      VERIFY_WAIT_MS: "1500",
      VERIFY_RATE_PER_MINUTE: "100000",
      PLAY_QUOTA_PER_MINUTE: "100000",
    },
  });
  let wrong = true;
  try {
    const report = await run(lab, options);
    wrong = report.problems.length > 0;
    return { ...report, output: wrong ? lab.output.file : null };
  } finally {
    await lab.stop({ keepOutput: wrong });
  }
}

async function run(lab: Lab, options: CrashOptions): Promise<Omit<CrashReport, "output">> {
  const { sandbox } = lab;
  const services = await Promise.all(Array.from({ length: options.processes }, () => lab.start()));
  for (const fault of FAULTS) sandbox.faults.add({ count: null, ...fault });
  const load = new AbortController();
  const shop = new Shop(lab, () => pick(services));
  const shoppers = Array.from({ length: options.shoppers }, () => shop.shop(load.signal));
  await killAgainAndAgain(lab, services, options);
  load.abort();
  await Promise.all(shoppers);
  options.say(`load over: ${sandbox.play.world.purchases.size} purchases, ${shop.verifies} verifies`);

  sandbox.faults.clear();
  await sandbox.play.delivered();
  const drainedMs = await drained(lab, options);
  const [service] = services;
  if (service === undefined) throw new Error("no service is left");
  const { problems, figures } = await auditCrashRun(lab, service);
  const undrained = drainedMs === null ? [await describeOutbox(lab)] : [];
  return {
    problems: [...undrained, ...shop.surprises, ...problems],
    figures: {
      kills: options.kills,
      verifies: shop.verifies,
      verifies_cut: shop.cut,
      ...figures,
      drained_ms: drainedMs ?? -1,
    },
  };
}

/** A random one is killed, at a random moment, and started again at once. */
async function killAgainAndAgain(lab: Lab, services: ServiceProcess[], options: CrashOptions): Promise<void> {
  const [from, to] = options.betweenKillsMs;
  for (let kill = 1; kill <= options.kills; kill += 1) {
    await sleep(from + Math.random() * (to - from));
    const index = Math.floor(Math.random() * services.length);
    const frozen = Math.random() < options.freezes;
    if (frozen) await freeze(services[index], options.leaseSeconds);
    // Half of those that were frozen go on as if nothing had been: their leases are others' by now.
    if (!frozen || Math.random() < 0.5) {
      await services[index]?.kill("SIGKILL");
      services[index] = await lab.start();
    }
    if (kill % 5 === 0 || kill === options.kills) {
      const { play, keythai } = lab.sandbox;
      options.say(
        `kill ${kill}/${options.kills}: ${play.world.purchases.size} purchases, ${keythai.licences.length} licences made`,
      );
    }
  }
}

async function freeze(service: ServiceProcess | undefined, leaseSeconds: number): Promise<void> {
  service?.freeze();
  await sleep((leaseSeconds + 2) * 1000);
  service?.thaw();
  await sleep(Math.random() * 500);
}

/** @returns How long it took; null: it never did. */
async function drained(lab: Lab, { drainMs, say }: CrashOptions): Promise<number | null> {
  const startedAt = Date.now();
  for (let told = 0; Date.now() - startedAt < drainMs; ) {
    const left = await lab.documents("outbox");
    if (left.length === 0) return Date.now() - startedAt;
    if (Date.now() - told > 10_000) {
      told = Date.now();
      say(`quiet for ${Math.round((told - startedAt) / 1000)} s, ${left.length} effects left`);
    }
    await sleep(500);
  }
  return null;
}

export function describeEffect({ path, data }: Stored): string {
  const { attempts, last_error, due_at, lease } = data;
  const due = due_at?.toDate().toISOString();
  return `${path} (${lease ? "leased" : "free"}, ${attempts} tries, due ${due}, ${last_error ?? "no error"})`;
}

async function describeOutbox(lab: Lab): Promise<string> {
  const left = await lab.documents("outbox");
  const lines = left.slice(0, 10).map(describeEffect);
  return `the outbox did not run empty, ${left.length} left:\n  ${lines.join("\n  ")}`;
}

/** What the customers do: buy, open the app, and all that happens to purchases. */
class Shop {
  readonly #lab: Lab;
  readonly #service: () => ServiceProcess;
  readonly surprises: string[] = [];
  verifies = 0;
  cut = 0;
  #bought = 0;

  constructor(lab: Lab, service: () => ServiceProcess) {
    this.#lab = lab;
    this.#service = service;
  }

  async shop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await (Math.random() < 0.6 ? this.#buy() : this.#live());
      await sleep(100 + Math.random() * 400);
    }
  }

  async #buy(): Promise<void> {
    // Some purchases each, so that files are shared and yet stay small.
    const uid = `c${Math.floor(this.#bought++ / 6)}`;
    const subscribed = Math.random() < 0.5;
    const quantity = Math.random() < 0.2 ? 3 : 1;
    const token = subscribed
      ? this.#lab.buy(uid, "plan", { basePlanId: "monthly" })
      : this.#lab.buy(uid, "lifetime", { quantity });
    // Some apps are killed before they can tell: the notice alone brings what was bought.
    if (Math.random() < 0.8) await this.#verify(uid, subscribed ? "plan" : "lifetime", token);
  }

  async #live(): Promise<void> {
    const purchase = pick([...this.#lab.sandbox.play.world.purchases.values()]);
    if (purchase === undefined) return;
    const { purchaseToken, uid } = purchase;
    const productId = purchase.type === "subscription" ? purchase.items[0]?.productId : purchase.productId;
    if (Math.random() < 0.4) return this.#verify(uid, productId ?? "", purchaseToken);
    try {
      this.#happen(purchase);
    } catch (error) {
      // What its state does not allow does not happen.
      if (!(error instanceof Error) || error.name !== "Conflict") throw error;
    }
  }

  #happen(purchase: Purchase): void {
    const { play } = this.#lab.sandbox;
    const act = play.act.bind(play, purchase.purchaseToken);
    if (purchase.type === "one_time") {
      if (purchase.refundableQuantity > 1) act("refund", { quantity: 1 });
      else if (Math.random() < 0.5) act("refund");
      return;
    }
    const { possible } = play.purchase(purchase.purchaseToken);
    const actions = ["renew", "hold", "recover", "expire", "revoke", "cancel", "change_plan"];
    const action = pick(actions.filter((name) => possible.includes(name)));
    if (action === undefined) return;
    const other = purchase.items[0]?.productId === "plan" ? "plan_max" : "plan";
    act(action, action === "change_plan" ? { productId: other } : {});
  }

  /** An app tries again when it gets no answer, though not for ever. */
  async #verify(uid: string, productId: string, token: string): Promise<void> {
    for (let tries = 0; tries < 4; tries += 1) {
      if (await this.#tryVerify(uid, productId, token)) return;
      await sleep(400);
    }
  }

  async #tryVerify(uid: string, productId: string, token: string): Promise<boolean> {
    this.verifies += 1;
    try {
      const { status, body } = await verify(this.#lab, this.#service(), uid, productId, token);
      if (status === 200) return true;
      if (status === 503) return false;
      // It was sold to this customer, and everybody is asked about their own purchases only.
      this.surprises.push(`verify answered ${status}: ${JSON.stringify(body)}`);
      return true;
    } catch {
      this.cut += 1;
      return false;
    }
  }
}

function pick<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)] as T;
}

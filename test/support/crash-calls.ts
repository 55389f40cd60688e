import { setTimeout as sleep } from "node:timers/promises";
import { auditCrashRun } from "./crash-audit.ts";
import { type CrashReport, describeEffect } from "./crash-run.ts";
import { eventually, type Lab, startLab } from "./lab.ts";
import type { ServiceProcess } from "./processes.ts";
import { verify } from "./wire.ts";

/**
 * The worst moments, one after the other: the service dies at every single call to Google and KeyThai of a customer's
 * life, when the other side has acted and the answer is still on its way.
 */

export interface CrashCallsOptions {
  readonly project: string;
  readonly leaseSeconds: number;
  /** The first call to die at, and the last if the life has so many. */
  readonly from: number;
  readonly to: number;
  say(line: string): void;
}

export interface CrashCallsReport extends CrashReport {
  /** At which calls it died, in order. */
  readonly died: readonly string[];
}

export async function crashAtEveryCall(options: CrashCallsOptions): Promise<CrashCallsReport> {
  const lab = await startLab(options.project, {
    rtdn: "push",
    env: { EFFECT_LEASE_SECONDS: String(options.leaseSeconds), VERIFY_FRESH_SECONDS: "0" },
  });
  let wrong = true;
  try {
    const died = await dieAgainAndAgain(lab, options);
    await eventually(async () => {
      const left = await lab.documents("outbox");
      if (left.length > 0) throw new Error(`effects are left: ${left.map(describeEffect).join(", ")}`);
    }, 90_000);
    const service = await lab.start();
    const audit = await auditCrashRun(lab, service);
    wrong = audit.problems.length > 0;
    return { ...audit, died, output: wrong ? lab.output.file : null };
  } finally {
    await lab.stop({ keepOutput: wrong });
  }
}

async function dieAgainAndAgain(lab: Lab, { from, to, say }: CrashCallsOptions): Promise<string[]> {
  const died: string[] = [];
  const killer = new Killer(lab, await lab.start());
  for (let call = from; call <= to; call += 1) {
    killer.arm(call);
    await live(lab, killer, `life${call}`);
    const at = await killer.disarm();
    if (at === null) break;
    say(`died at call ${call}: ${at}`);
    died.push(at);
  }
  return died;
}

/** Counts calls to the outside, and kills the service at the one it is set on. */
class Killer {
  readonly #lab: Lab;
  #service: Promise<ServiceProcess>;
  #left = 0;
  #at: string | null = null;

  constructor(lab: Lab, service: ServiceProcess) {
    this.#lab = lab;
    this.#service = Promise.resolve(service);
    const { faults } = lab.sandbox;
    const take = faults.take.bind(faults);
    faults.take = (name, request) => {
      if (name === "rtdn" || --this.#left !== 0) return take(name, request);
      this.#at = `${name} ${plain(request)}`;
      this.#service = this.#again(this.#service);
      // The other side acts; there is nobody left to hear of it.
      return { service: name, kind: "cut_after", id: 0, left: null, struck: 1 };
    };
    this.#current = service;
  }
  #current: ServiceProcess;

  service(): Promise<ServiceProcess> {
    return this.#service;
  }

  arm(call: number): void {
    this.#left = call;
    this.#at = null;
  }

  async disarm(): Promise<string | null> {
    this.#left = 0;
    await this.#service;
    return this.#at;
  }

  async #again(before: Promise<ServiceProcess>): Promise<ServiceProcess> {
    // The signal goes out at once, before anything else happens.
    const gone = this.#current.kill("SIGKILL");
    await Promise.all([before, gone]);
    this.#current = await this.#lab.start();
    return this.#current;
  }
}

/** Without what is secret or new each time. */
function plain(request: string): string {
  return request
    .replace(/^(\S+) .*\/purchases\//, "$1 ")
    .replace(/tokens\/[^:/]+/, "…")
    .replace(/licenses\/.+/, "licenses/…");
}

/** A customer's life in eight chapters; the app asks again until it is answered. */
async function live(lab: Lab, killer: Killer, uid: string): Promise<void> {
  const { play } = lab.sandbox;
  const told = async (uidOf: string, productId: string, token: string) => {
    await eventually(async () => {
      const { status } = await verify(lab, await killer.service(), uidOf, productId, token);
      if (status !== 200) throw new Error(`verify answered ${status}`);
    }, 40_000);
    await quiet(lab);
  };
  const happens = async (token: string, action: string, input = {}) => {
    const next = play.act(token, action, input).purchaseToken;
    await quiet(lab);
    return next;
  };
  const plan = lab.buy(uid, "plan", { basePlanId: "monthly", notify: false });
  await told(uid, "plan", plan);
  await happens(plan, "hold");
  await happens(plan, "recover");
  const better = await happens(plan, "change_plan", { productId: "plan_max" });
  await told(uid, "plan_max", better);
  const units = lab.buy(uid, "lifetime", { quantity: 2, notify: false });
  await told(uid, "lifetime", units);
  await happens(units, "refund", { quantity: 1 });
  await happens(better, "expire");
}

/** What was told has been heard, and all that follows is done but for the late search for lost licences. */
async function quiet(lab: Lab): Promise<void> {
  await lab.sandbox.play.delivered();
  await eventually(async () => {
    const left = (await lab.documents("outbox")).filter(({ data }) => data.effect.kind !== "find_orphans");
    if (left.length > 0) throw new Error(`effects are left: ${left.map(describeEffect).join(", ")}`);
  }, 60_000);
  await sleep(20);
}

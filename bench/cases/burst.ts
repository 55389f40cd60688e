import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../parts/lab.ts";
import { type Bought, type PurchaseType, productId } from "../parts/shop.ts";
import { table } from "../parts/stats.ts";

export interface BurstOptions {
  readonly type: PurchaseType;
  readonly notices: number;
  /** Google's bucket and our share of it as they are; else both ten times as large, so that it is over in a tenth. */
  readonly full: boolean;
}

const GOOGLE_PER_MINUTE = 3000;
const OURS_PER_MINUTE = 2400;
const SUBSCRIPTION = "playgrant-rtdn";
const PAGE = 1000;

interface Heard {
  /** Messages done with, by id: a message that comes again is the same one. */
  readonly done: Set<string>;
  handled: number;
  failed: number;
}

/** A sale: all notices at once in Pub/Sub, pulled by the service as `npm start` runs it, under Google's bucket. */
export async function burst(lab: Lab, { type, notices, full }: BurstOptions): Promise<string> {
  const scale = full ? 1 : 10;
  const settings = lab.environment({
    PLAYGRANT_ROLES: "subscriber,worker",
    PLAY_QUOTA_PER_MINUTE: String(OURS_PER_MINUTE * scale),
    RTDN_SUBSCRIPTION: SUBSCRIPTION,
  });
  const bought = await buyAll(lab, productId(type, "feature"), notices);
  const publish = await openTopic(lab, settings.GOOGLE_CLOUD_PROJECT ?? "");
  await lab.sandbox.ask.enforceQuota(GOOGLE_PER_MINUTE * scale);
  const before = await lab.sandbox.ask.calls();
  const acknowledged = await lab.sandbox.ask.acknowledged();
  const service = startService(settings);
  const startedAt = performance.now();
  await publish(bought.map(({ notice }) => notice));
  const publishedMs = performance.now() - startedAt;
  let syncedMs = 0;
  for (let open = notices; open > 0; ) {
    await sleep(500);
    open = notices - ((await lab.sandbox.ask.acknowledged()) - acknowledged);
    if (syncedMs === 0 && service.heard.done.size >= notices) syncedMs = performance.now() - startedAt;
    if (service.ended()) throw new Error("the service ended in the middle");
  }
  const drainedMs = performance.now() - startedAt;
  await service.stop();
  const after = await lab.sandbox.ask.calls();
  const { handled, failed } = service.heard;
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const refused = after.status429 - before.status429;
  const rows = [
    ["notices", notices],
    [`bucket of the fake, in any 60 s${full ? "" : " (Google's, times 10)"}`, GOOGLE_PER_MINUTE * scale],
    ["PLAY_QUOTA_PER_MINUTE", OURS_PER_MINUTE * scale],
    ["published within, s", seconds(publishedMs)],
    ["all synced and acked to Pub/Sub after, s", syncedMs === 0 ? "with the drain" : seconds(syncedMs)],
    ["all drained (acknowledged to Google) after, s", seconds(drainedMs)],
    ["Google calls: reads", after.get - before.get],
    ["Google calls: acknowledgements", after.acknowledge - before.acknowledge],
    ["429 from Google", `${refused} ${refused === 0 ? "met" : "MISSED"}`],
    ["delivered once more by Pub/Sub", handled - notices],
    ["handed back by us for redelivery", failed],
  ];
  return table(["", ""], rows);
}

async function buyAll(lab: Lab, product: string, count: number): Promise<Bought[]> {
  const bought: Bought[] = [];
  while (bought.length < count) {
    bought.push(...(await lab.sandbox.ask.buy(product, Math.min(PAGE, count - bought.length))));
  }
  return bought;
}

/** @returns Publishes texts to the topic, a page at a time. */
async function openTopic(lab: Lab, project: string): Promise<(texts: readonly string[]) => Promise<void>> {
  const root = `http://${lab.emulators.pubsubHost}/v1/projects/${project}`;
  const topic = `projects/${project}/topics/${SUBSCRIPTION}`;
  const send = async (method: string, path: string, body: object) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${root}/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`Pub/Sub emulator: ${method} ${path} ${answer.status}`);
    await answer.text();
  };
  await send("PUT", `topics/${SUBSCRIPTION}`, {});
  await send("PUT", `subscriptions/${SUBSCRIPTION}`, { topic, ackDeadlineSeconds: 60 });
  return async (texts) => {
    for (let from = 0; from < texts.length; from += PAGE) {
      const page = texts.slice(from, from + PAGE);
      const messages = page.map((text) => ({ data: Buffer.from(text).toString("base64") }));
      await send("POST", `topics/${SUBSCRIPTION}:publish`, { messages });
    }
  };
}

function startService(settings: Readonly<Record<string, string>>) {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const heard: Heard = { done: new Set(), handled: 0, failed: 0 };
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.includes('"event":"notification.failed"')) heard.failed += 1;
    const id = line.includes('"event":"notification"') ? /"message_id":"(\w+)"/.exec(line)?.[1] : undefined;
    if (id === undefined) return;
    heard.done.add(id);
    heard.handled += 1;
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  process.once("exit", () => child.kill("SIGKILL"));
  return {
    heard,
    ended: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

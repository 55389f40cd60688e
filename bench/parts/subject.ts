import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { startWorker } from "../../src/worker.ts";
import { watchEffects } from "./effects-watch.ts";
import { meterFirestore } from "./firestore-meter.ts";
import { createFloor, type FloorPlan, type FloorUnit } from "./floor.ts";
import { ask, type Shot } from "./load.ts";
import { answerCalls } from "./remote.ts";
import type { Bought } from "./shop.ts";

/**
 * The measured process: the service as `main.ts` puts it together, and beside it the floor, on the same heap, event
 * loop and clients' code. Nothing of the service is changed; what is watched is watched from outside.
 */

const meter = meterFirestore();
const read = readConfig();
if (!read.ok) throw new Error(JSON.stringify(read.issues));
const { config } = read;
const service = compose(config);
const app = await service.app();
const effects = watchEffects(service.ports);
const port = await new Promise<number>((resolve) => {
  serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (address) => resolve(address.port));
});

let floor: FloorUnit | null = null;
let worker: { stop(): Promise<void> } | null = null;

/** The floor behind a door: the smallest HTTP server there is, which does one unit a request. */
const floorServer = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  await floor?.(JSON.parse(Buffer.concat(chunks).toString()));
  response.end("{}");
});
await new Promise<void>((resolve) => floorServer.listen(0, "127.0.0.1", resolve));

/** Lets the service do one such request and takes what it read and wrote as the plan of the floor. */
async function planFloor(sample: Shot): Promise<{ documentsRead: number; documentsWritten: number }> {
  const plan: FloorPlan = await meter.record(() => ask(port, sample));
  // In a database of its own: the service's worker would take the floor's effects for its own when their lease runs out.
  floor = createFloor(config.PLAY_API_ROOT_URL ?? "", `${config.GOOGLE_CLOUD_PROJECT}-floor`, plan);
  return { documentsRead: plan.documentsRead, documentsWritten: plan.batch.length };
}

async function runFloor(units: readonly Bought[], concurrency: number): Promise<number> {
  let next = 0;
  const work = async () => {
    for (let unit = units[next++]; unit !== undefined; unit = units[next++]) await floor?.(unit);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, work));
  return performance.now() - startedAt;
}

/** `held`: effects are put down and wait. `run`: they run here, and a worker picks up what there was no room for. */
async function setEffects(mode: "held" | "run" | "run_without_worker"): Promise<void> {
  effects.hold(mode === "held");
  if (mode === "run") worker ??= startWorker(service.ports);
  else await worker?.stop();
  if (mode !== "run") worker = null;
}

const methods = {
  ports: () => ({ app: port, floor: (floorServer.address() as AddressInfo).port }),
  planFloor,
  runFloor,
  setEffects,
  effectsDone: effects.done,
  effectsReach: effects.reach,
  troubles: effects.troubles,
  /** CPU time of this process so far, in ms. */
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  firestoreUse: meter.use,
  resetFirestoreUse: meter.reset,
};
export type SubjectMethods = typeof methods;

answerCalls(methods);

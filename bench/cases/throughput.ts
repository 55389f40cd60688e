import type { Lab } from "../parts/lab.ts";
import { fire, type Shot, type Volley } from "../parts/load.ts";
import type { Helper } from "../parts/remote.ts";
import { type Gives, type PurchaseType, productId } from "../parts/shop.ts";
import { median, percentile, spread, table } from "../parts/stats.ts";
import type { SubjectMethods } from "../parts/subject.ts";

export type Door = "verify" | "rtdn";

export interface ThroughputOptions {
  readonly type: PurchaseType;
  readonly rounds: number;
  /** Scales the number of requests in a round. */
  readonly size: number;
}

interface Work {
  readonly name: string;
  readonly gives: Gives;
  readonly effects: "held" | "run";
  readonly aim: number;
  /** Requests in a round, by concurrency. */
  readonly counts: Readonly<Record<number, number>>;
}

/** A sync: answered, nothing outside done yet. Drained: licence issued, recorded, and Google told. */
const WORK: readonly Work[] = [
  { name: "sync", gives: "feature", effects: "held", aim: 0.7, counts: { 1: 50, 8: 150, 32: 300 } },
  { name: "drained", gives: "licence", effects: "run", aim: 0.35, counts: { 1: 30, 8: 100, 32: 200 } },
];
const CONCURRENCY = [1, 8, 32] as const;
/** A licence and an acknowledgement. */
const EFFECTS_EACH = 2;

interface Round {
  readonly perSecond: number;
  readonly share: number;
  readonly shareOfDoor: number;
  readonly latencies: readonly number[];
  /** CPU time of the measured process for one request, and for one unit of the floor. */
  readonly cpuMs: number;
  readonly floorCpuMs: number;
}

const HEAD = [
  "",
  "at once",
  "a second",
  "p50 ms",
  "p95 ms",
  "share of floor",
  "aim",
  "share of floor behind HTTP",
  "CPU ms: ours / floor",
  "",
];

/** Verify over HTTP, or notices over the push door: each round right after its own floor, in the same process. */
export async function throughput(
  open: () => Promise<Lab>,
  door: Door,
  options: ThroughputOptions,
): Promise<string> {
  const rows: string[][] = [];
  for (const work of WORK) {
    for (const concurrency of CONCURRENCY) {
      // The emulator keeps all in a bounded heap, and stands still when that is full: a fresh one each time.
      const lab = await open();
      try {
        rows.push(await measure(lab, door, work, concurrency, options));
      } finally {
        await lab.close();
      }
      console.error(`  ${door} ${rows.at(-1)?.join("  ")}`);
    }
  }
  return table(HEAD, rows);
}

async function measure(
  lab: Lab,
  door: Door,
  work: Work,
  concurrency: number,
  { type, rounds, size }: ThroughputOptions,
): Promise<string[]> {
  const subject = await lab.startSubject();
  const bench = { lab, subject, door, work, product: productId(type, work.gives) };
  const plan = await prepare(bench);
  const count = Math.round((work.counts[concurrency] ?? 0) * size);
  const done: Round[] = [];
  for (let round = 0; round < rounds; round += 1) done.push(await oneRound(bench, concurrency, count));
  const troubles = Object.entries(await subject.ask.troubles()).map(([what, times]) => `${times} ${what}`);
  await subject.stop();
  const floor = `1 GET, getAll of ${plan.documentsRead}, batch of ${plan.documentsWritten}`;
  return [...rowOf(work, concurrency, done), [floor, ...troubles].join("; ")];
}

interface Bench {
  readonly lab: Lab;
  readonly subject: Helper<SubjectMethods>;
  readonly door: Door;
  readonly work: Work;
  readonly product: string;
}

/** Plans the floor from one real request, then warms all parts up: none of what follows is anybody's first time. */
async function prepare(bench: Bench) {
  const { subject, work } = bench;
  await subject.ask.setEffects("held");
  await fireAt(bench, "app", await shots(bench, 1), 1);
  await subject.ask.setEffects(work.effects);
  const [sample] = await shots(bench, 1);
  if (sample === undefined) throw new Error("no sample");
  const plan = await subject.ask.planFloor(sample.shot);
  for (let turn = 0; turn < 3; turn += 1) await oneRound(bench, 8, 200);
  return plan;
}

async function shots({ lab, door, product }: Bench, count: number) {
  const bought = await lab.sandbox.ask.buy(product, count);
  return bought.map((one) => ({ bought: one, shot: door === "verify" ? lab.verify(one) : lab.push(one) }));
}

type Shots = Awaited<ReturnType<typeof shots>>;

async function oneRound(bench: Bench, concurrency: number, count: number): Promise<Round> {
  const { subject, work } = bench;
  const loaded = await shots(bench, count);
  const units = loaded.map(({ bought }) => bought);
  const cpu = [await subject.ask.cpuMs()];
  const floorMs = await subject.ask.runFloor(units, concurrency);
  cpu.push(await subject.ask.cpuMs());
  const behindDoor = await fireAt(bench, "floor", loaded, concurrency);
  const done = await subject.ask.effectsDone();
  cpu.push(await subject.ask.cpuMs());
  const startedAt = performance.now();
  const volley = await fireAt(bench, "app", loaded, concurrency);
  if (work.effects === "run") await subject.ask.effectsReach(done + EFFECTS_EACH * count);
  const ms = work.effects === "run" ? performance.now() - startedAt : volley.ms;
  cpu.push(await subject.ask.cpuMs());
  const [from = 0, toFloor = 0, toDoor = 0, to = 0] = cpu;
  return {
    perSecond: (count / ms) * 1000,
    share: floorMs / ms,
    shareOfDoor: behindDoor.ms / ms,
    latencies: volley.latencies,
    cpuMs: (to - toDoor) / count,
    floorCpuMs: (toFloor - from) / count,
  };
}

async function fireAt(
  bench: Bench,
  at: "app" | "floor",
  loaded: Shots,
  concurrency: number,
): Promise<Volley> {
  const ports = await bench.subject.ask.ports();
  const floorShot = ({ bought }: Shots[number]): Shot => ({
    path: "/",
    bearer: "-",
    body: JSON.stringify(bought),
  });
  const volley = await fire(
    ports[at],
    loaded.map((one) => (at === "app" ? one.shot : floorShot(one))),
    concurrency,
  );
  const refused = Object.entries(volley.statuses).filter(([status]) => !status.startsWith("2"));
  if (refused.length > 0) throw new Error(`${bench.door}: answers ${JSON.stringify(volley.statuses)}`);
  return volley;
}

function rowOf(work: Work, concurrency: number, rounds: readonly Round[]): string[] {
  const latencies = rounds.flatMap((round) => round.latencies);
  const shares = rounds.map(({ share }) => share);
  return [
    work.name,
    String(concurrency),
    spread(
      rounds.map(({ perSecond }) => perSecond),
      0,
    ),
    percentile(latencies, 0.5).toFixed(1),
    percentile(latencies, 0.95).toFixed(1),
    spread(shares),
    `${work.aim} ${median(shares) >= work.aim ? "met" : "MISSED"}`,
    spread(rounds.map(({ shareOfDoor }) => shareOfDoor)),
    `${median(rounds.map(({ cpuMs }) => cpuMs)).toFixed(2)} / ${median(rounds.map(({ floorCpuMs }) => floorCpuMs)).toFixed(2)}`,
  ];
}

import { createHash } from "node:crypto";
import { EVENTS_EACH, stockEvents } from "../parts/event-stock.ts";
import type { Lab } from "../parts/lab.ts";
import { ask } from "../parts/load.ts";
import type { ReceiverMethods } from "../parts/receivers.ts";
import { type Helper, startHelper } from "../parts/remote.ts";
import { median, spread, table } from "../parts/stats.ts";
import type { SubjectMethods } from "../parts/subject.ts";

export interface WebhooksOptions {
  readonly events: number;
  readonly rounds: number;
}

const HEALTHY = ["/first", "/second"];
/**
 * What there is beside the two that answer: nothing; all that is put down for a third one, which nobody asks (the emulator
 * looks at every document of a collection, so they cost it time by lying there); a third one that hangs.
 */
const THIRD = {
  none: { path: null, leftovers: false },
  leftovers: { path: null, leftovers: true },
  hanging: { path: "/hanging", leftovers: false },
} as const;
type Third = keyof typeof THIRD;
const THIRDS = Object.keys(THIRD) as Third[];
/** "The others are not slower than without it": by more than what rounds differ by anyway. */
const MOST = 1.1;

const HEAD = [
  "third endpoint",
  "seconds until two have all",
  "events a second to each",
  "against none, by round",
  "CPU ms an event",
  "Firestore RPCs an event",
  "queries an event",
  "",
  "",
];

const ADMIN_KEY = "the-bench";

interface Round {
  readonly ms: number;
  readonly cpuMs: number;
  /** Calls to Firestore, and how many of them look for something rather than fetch it. */
  readonly rpcs: number;
  readonly queries: number;
  /** How often the third one was asked by then. */
  readonly asked: number;
}

/**
 * Events of purchases that are there already go to two endpoints that answer: the time until both have heard of all, with
 * and without a third one that hangs. Each round on emulators of its own, the kinds in turn.
 */
export async function webhooks(open: () => Promise<Lab>, options: WebhooksOptions): Promise<string> {
  const done: Record<Third, Round[]> = { none: [], leftovers: [], hanging: [] };
  for (let round = 0; round < options.rounds; round += 1) {
    for (const third of inTurn(round)) {
      const lab = await open();
      try {
        done[third].push(await oneRound(lab, third, options.events));
      } finally {
        await lab.close();
      }
      console.error(`  ${rowOf(third, done, options.events).join("  ")}`);
    }
  }
  return table(
    HEAD,
    THIRDS.map((third) => rowOf(third, done, options.events)),
  );
}

/** Nobody is always the first. */
function inTurn(round: number): Third[] {
  return THIRDS.map((_, index) => THIRDS[(index + round) % THIRDS.length] ?? "none");
}

async function oneRound(lab: Lab, third: Third, events: number): Promise<Round> {
  const { path: hanging, leftovers } = THIRD[third];
  const settings = lab.environment({
    ADMIN_API_KEYS: `bench:${createHash("sha256").update(ADMIN_KEY).digest("hex")}`,
    WEBHOOK_ALLOW_LOOPBACK: "1",
  });
  const receivers = await startHelper<ReceiverMethods>(new URL("../parts/receivers.ts", import.meta.url), {
    env: {},
  });
  const subject = await lab.startSubject(settings);
  try {
    process.env.FIRESTORE_EMULATOR_HOST = lab.emulators.firestoreHost ?? "";
    await stockEvents(
      settings.GOOGLE_CLOUD_PROJECT ?? "",
      { customers: events / EVENTS_EACH, leftovers },
      Date.now(),
    );
    for (const path of hanging === null ? HEALTHY : [...HEALTHY, hanging])
      await register(subject, await receivers.ask.url(path));
    await subject.ask.resetFirestoreUse();
    const cpuBefore = await subject.ask.cpuMs();
    const startedAt = performance.now();
    await subject.ask.setEffects("run");
    await receivers.ask.reach(HEALTHY, events);
    const ms = performance.now() - startedAt;
    const times = await receivers.ask.times();
    for (const path of HEALTHY)
      if (times[path] !== events) console.error(`  ${path} was asked ${times[path]} times`);
    const { rpcs, queries } = await subject.ask.firestoreUse();
    const cpuMs = (await subject.ask.cpuMs()) - cpuBefore;
    return { ms, cpuMs, rpcs, queries, asked: times[hanging ?? ""] ?? 0 };
  } finally {
    delete process.env.FIRESTORE_EMULATOR_HOST;
    // What hangs would be waited for.
    await receivers.stop();
    await subject.stop();
  }
}

async function register(subject: Helper<SubjectMethods>, url: string): Promise<void> {
  const { app } = await subject.ask.ports();
  const shot = { path: "/v1/admin/webhook_endpoints", bearer: ADMIN_KEY, body: JSON.stringify({ url }) };
  const { status, body } = await ask(app, shot);
  if (status !== 201) throw new Error(`answered ${status}: ${body}`);
}

function rowOf(third: Third, done: Readonly<Record<Third, readonly Round[]>>, events: number): string[] {
  const rounds = done[third];
  const ratios = rounds.map(({ ms }, index) => ms / (done.none[index]?.ms ?? ms));
  const verdict = median(ratios) <= MOST ? "met" : "MISSED";
  const anEvent = (of: (round: Round) => number, digits: number) =>
    spread(
      rounds.map((round) => of(round) / events),
      digits,
    );
  return [
    third,
    spread(
      rounds.map(({ ms }) => ms / 1000),
      1,
    ),
    spread(
      rounds.map(({ ms }) => (events / ms) * 1000),
      0,
    ),
    third === "none" ? "" : spread(ratios),
    anEvent(({ cpuMs }) => cpuMs, 1),
    anEvent(({ rpcs }) => rpcs, 1),
    anEvent(({ queries }) => queries, 2),
    third === "hanging" ? `<= ${MOST} ${verdict}` : "",
    third === "hanging" ? `asked ${rounds.map(({ asked }) => asked).join(", ")} times` : "",
  ];
}

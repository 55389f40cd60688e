import type { Lab } from "../parts/lab.ts";
import { ask, fire, type Shot } from "../parts/load.ts";
import type { Helper } from "../parts/remote.ts";
import { type Bought, type Gives, type PurchaseType, productId } from "../parts/shop.ts";
import { table } from "../parts/stats.ts";
import type { SubjectMethods } from "../parts/subject.ts";

interface Use {
  readonly google: number;
  readonly rpcs: number;
  readonly queries: number;
  readonly read: number;
  readonly written: number;
}

interface Bench {
  readonly lab: Lab;
  readonly subject: Helper<SubjectMethods>;
  readonly port: number;
}

interface Row {
  readonly name: string;
  readonly target: string;
  run(bench: Bench, type: PurchaseType): Promise<Use>;
  meets(use: Use): boolean;
}

const EFFECTS_EACH = 2;
const TIMES = 20;

/** What is counted by itself: all effects are held back, so this is what it takes until the answer. */
const ROWS: readonly Row[] = [
  {
    name: "first verify, until its answer",
    target: "1 Google, 2 RPCs",
    run: (bench, type) => once(bench, type, "feature", (bought) => post(bench, bench.lab.verify(bought))),
    meets: ({ google, rpcs }) => google === 1 && rpcs === 2,
  },
  {
    name: "fresh repeat of a verify",
    target: "0 Google, 0 writes",
    run: async (bench, type) => repeat(bench, type, (bought) => bench.lab.verify(bought)),
    meets: ({ google, written }) => google === 0 && written === 0,
  },
  {
    name: "RTDN of a new purchase, until its answer",
    target: "1 Google, 3 RPCs",
    run: (bench, type) => once(bench, type, "feature", (bought) => post(bench, bench.lab.push(bought))),
    meets: ({ google, rpcs }) => google === 1 && rpcs === 3,
  },
  {
    name: "RTDN once more",
    target: "1 Google, 0 writes",
    run: (bench, type) => repeat(bench, type, (bought) => bench.lab.push(bought)),
    meets: ({ google, written }) => google === 1 && written === 0,
  },
  {
    name: `RTDN delivered ${TIMES} times at once`,
    target: "<= 2 Google, writes of one",
    run: (bench, type) =>
      once(bench, type, "feature", (bought) => postAll(bench, bench.lab.push(bought), TIMES)),
    meets: ({ google, written }) => google <= 2 && written <= writesOfOne,
  },
  {
    name: `RTDN delivered ${TIMES} times, one after another`,
    target: "writes of one",
    run: (bench, type) =>
      once(bench, type, "feature", (bought) => postAll(bench, bench.lab.push(bought), 1, TIMES)),
    meets: ({ written }) => written <= writesOfOne,
  },
  {
    name: "first verify, drained (acknowledged)",
    target: "-",
    run: (bench, type) => drained(bench, type, "feature", (bought) => bench.lab.verify(bought), 1),
    meets: () => true,
  },
  {
    name: "first verify, drained (licence issued, acknowledged)",
    target: "-",
    run: (bench, type) => drained(bench, type, "licence", (bought) => bench.lab.verify(bought), EFFECTS_EACH),
    meets: () => true,
  },
  {
    name: "RTDN of a new purchase, drained (licence issued, acknowledged)",
    target: "-",
    run: (bench, type) => drained(bench, type, "licence", (bought) => bench.lab.push(bought), EFFECTS_EACH),
    meets: () => true,
  },
];

/** The documents that one RTDN of a new purchase writes, known once its row was counted. */
let writesOfOne = 0;

/** Exact figures of single operations, counted at the sandbox's Play and inside the Firestore client. */
export async function counts(lab: Lab, type: PurchaseType): Promise<string> {
  const subject = await lab.startSubject();
  const { app: port } = await subject.ask.ports();
  const bench: Bench = { lab, subject, port };
  await subject.ask.setEffects("held");
  await once(bench, type, "feature", (bought) => post(bench, lab.verify(bought)));
  const cells: (string | number)[][] = [];
  for (const row of ROWS) {
    const use = await row.run(bench, type);
    if (row.name.startsWith("RTDN of a new purchase, until")) writesOfOne = use.written;
    const verdict = row.target === "-" ? "" : row.meets(use) ? "met" : "MISSED";
    cells.push([row.name, use.google, use.rpcs, use.read, use.written, use.queries, row.target, verdict]);
  }
  await subject.stop();
  return table(
    ["", "Google calls", "Firestore RPCs", "documents read", "written", "queries", "target", ""],
    cells,
  );
}

async function once(
  { lab, subject }: Bench,
  type: PurchaseType,
  gives: Gives,
  run: (bought: Bought) => Promise<unknown>,
): Promise<Use> {
  const [bought] = await lab.sandbox.ask.buy(productId(type, gives), 1);
  if (bought === undefined) throw new Error("nothing was bought");
  const before = await googleCalls(lab);
  await subject.ask.resetFirestoreUse();
  await run(bought);
  const use = await subject.ask.firestoreUse();
  return {
    google: (await googleCalls(lab)) - before,
    rpcs: use.rpcs,
    queries: use.queries,
    read: use.documentsRead,
    written: use.documentsWritten,
  };
}

/** The same once more, when the first is over. */
async function repeat(bench: Bench, type: PurchaseType, shot: (bought: Bought) => Shot): Promise<Use> {
  let bought: Bought | undefined;
  await once(bench, type, "feature", async (made) => {
    bought = made;
    await post(bench, shot(made));
  });
  const known = bought;
  if (known === undefined) throw new Error("nothing was bought");
  return once(bench, type, "feature", () => post(bench, shot(known)));
}

/** Until every effect is done; the worker's own looks at the outbox are not part of it, so none runs. */
async function drained(
  bench: Bench,
  type: PurchaseType,
  gives: Gives,
  shot: (bought: Bought) => Shot,
  effects: number,
): Promise<Use> {
  const { subject } = bench;
  await subject.ask.setEffects("run_without_worker");
  const use = await once(bench, type, gives, async (bought) => {
    const done = await subject.ask.effectsDone();
    await post(bench, shot(bought));
    await subject.ask.effectsReach(done + effects);
  });
  await subject.ask.setEffects("held");
  return use;
}

async function googleCalls(lab: Lab): Promise<number> {
  const { get, acknowledge, consume, status429 } = await lab.sandbox.ask.calls();
  return get + acknowledge + consume + status429;
}

async function post({ port }: Bench, shot: Shot): Promise<void> {
  const { status, body } = await ask(port, shot);
  if (status > 299) throw new Error(`answered ${status}: ${body}`);
}

async function postAll({ port }: Bench, shot: Shot, together: number, times = together): Promise<void> {
  const { statuses } = await fire(
    port,
    Array.from({ length: times }, () => shot),
    together,
  );
  if (Object.keys(statuses).some((status) => !status.startsWith("2")))
    throw new Error(JSON.stringify(statuses));
}

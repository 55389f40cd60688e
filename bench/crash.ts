import { startEmulators } from "../scripts/emulators.ts";
import { crashAtEveryCall } from "../test/support/crash-calls.ts";
import { crashRun } from "../test/support/crash-run.ts";

/**
 * The long crash runs. `node bench/crash.ts [kills] [processes]`: killed at random moments under load (100 kills of one of
 * 2 services). `node bench/crash.ts calls`: dead at every call to the outside of a customer's life in turn. Prints how it
 * goes and a verdict; exit status 1 if anything was lost, doubled or left over.
 */

const everyCall = process.argv[2] === "calls";
const [kills = 100, processes = 2] = everyCall ? [] : process.argv.slice(2).map(Number);

const project = `demo-crash-${process.pid}`;

function atEveryCall(say: (line: string) => void) {
  return crashAtEveryCall({ project, leaseSeconds: 4, from: 1, to: 1000, say });
}

function atRandom(say: (line: string) => void) {
  return crashRun({
    project,
    kills,
    processes,
    shoppers: 6,
    leaseSeconds: 3,
    freezes: processes > 1 ? 0.2 : 0,
    betweenKillsMs: [200, 3000],
    drainMs: 300_000,
    say,
  });
}

async function main(): Promise<number> {
  const emulators = await startEmulators({ pubsub: false });
  Object.assign(process.env, emulators.env);
  const startedAt = Date.now();
  const elapsed = () => `${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s`;
  try {
    const say = (line: string) => console.log(`${elapsed()}  ${line}`);
    const { problems, figures, output } = await (everyCall ? atEveryCall(say) : atRandom(say));
    console.log(`${elapsed()}  ${JSON.stringify(figures, null, 2)}`);
    for (const problem of problems) console.log(`WRONG  ${problem}`);
    if (output !== null) console.log(`What the services said: ${output}`);
    const verdict = problems.length === 0 ? "RIGHT: nothing lost, doubled or left over" : "WRONG";
    console.log(`${verdict} (${everyCall ? "every call" : `${kills} kills`}, ${elapsed().trim()})`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await emulators.stop();
  }
}

process.exitCode = await main();

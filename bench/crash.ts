import { startEmulators } from "../scripts/emulators.ts";
import { crashRun } from "../test/support/crash-run.ts";

/**
 * The long crash run: `node bench/crash.ts [kills] [processes]` (100 kills of one of 2 services). Prints how it goes and
 * a verdict; exit status 1 if anything was lost, doubled or left over.
 */

const [kills = 100, processes = 2] = process.argv.slice(2).map(Number);

async function main(): Promise<number> {
  const emulators = await startEmulators({ pubsub: false });
  Object.assign(process.env, emulators.env);
  const startedAt = Date.now();
  const elapsed = () => `${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s`;
  try {
    const { problems, figures, output } = await crashRun({
      project: `demo-crash-${process.pid}`,
      kills,
      processes,
      shoppers: 6,
      leaseSeconds: 3,
      betweenKillsMs: [200, 3000],
      drainMs: 300_000,
      say: (line) => console.log(`${elapsed()}  ${line}`),
    });
    console.log(`${elapsed()}  ${JSON.stringify(figures, null, 2)}`);
    for (const problem of problems) console.log(`WRONG  ${problem}`);
    if (output !== null) console.log(`What the services said: ${output}`);
    const verdict = problems.length === 0 ? "RIGHT: nothing lost, doubled or left over" : "WRONG";
    console.log(`${verdict} (${kills} kills, ${elapsed().trim()})`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await emulators.stop();
  }
}

process.exitCode = await main();

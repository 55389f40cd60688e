import { parseArgs } from "node:util";
import { changeSteps } from "./demo/change-steps.ts";
import { endSteps } from "./demo/end-steps.ts";
import { oneTimeSteps } from "./demo/one-time-steps.ts";
import { outro } from "./demo/outro.ts";
import { type Step, setScene } from "./demo/scene.ts";
import { shopSteps } from "./demo/shop-steps.ts";
import { type Closing, setStage } from "./demo/stage.ts";
import { subscriptionSteps } from "./demo/subscription-steps.ts";
import { seconds, tell } from "./demo/teller.ts";

/**
 * `npm run demo [-- --once]`: Google's emulators (or the embedded store), the sandbox and the service, and one
 * customer's life from end to end, each step checked. Then it stays for those who want to try, until Ctrl-C; with
 * `--once` it ends, and not with 0 if any step came out otherwise. `--entry dist/main.js` plays it with the bundle.
 */

const { values: flags } = parseArgs({
  options: { once: { type: "boolean", default: false }, entry: { type: "string" } },
});

const story: readonly Step[] = [
  ...shopSteps,
  ...oneTimeSteps,
  ...subscriptionSteps,
  ...changeSteps,
  ...endSteps,
];

/** What it ends with if somebody ends it now: the story has not been told yet. */
let exitCode = 130;

async function main(interrupted: Promise<void>): Promise<void> {
  const closing: Closing = [];
  try {
    await Promise.race([play(closing, interrupted), interrupted]);
  } catch (error) {
    fail("The demo can't go on", error);
  }
  for (const close of closing.reverse()) await close().catch((error) => fail("Not all ended well", error));
}

function fail(what: string, error: unknown): void {
  console.error(`\n${what}: ${error instanceof Error ? error.message : error}`);
  exitCode = 1;
}

async function play(closing: Closing, interrupted: Promise<void>): Promise<void> {
  const { once, entry } = flags;
  const startedAt = performance.now();
  console.log("playgrant demo: one customer's life, from end to end");
  const stage = await setStage({ once, entry: entry ?? null }, closing);
  const failure = await tell(story, await setScene(stage, closing));
  exitCode = failure === null ? 0 : 1;
  if (failure !== null) {
    console.log(`\nThe service's last lines:\n${stage.service.tail()}\n\n${failure}`);
    return;
  }
  console.log(`\nAll of it came out as it should, in ${seconds(performance.now() - startedAt)}.`);
  if (once) return;
  outro(stage);
  await interrupted;
}

const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupt());
await main(interrupted);
// Whatever was still being started when it was interrupted ends with this process.
process.exit(exitCode);

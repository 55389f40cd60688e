import { setTimeout as sleep } from "node:timers/promises";
import { scrub } from "../../src/adapters/log/log.ts";
import type { Scene, Step } from "./scene.ts";

const DEADLINE_MS = 12_000;
const LOOK_EVERY_MS = 20;

/** A step came out otherwise. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";
}

/** Plays the steps one by one. @returns What came out otherwise, in words; null when nothing did. */
export async function tell(steps: readonly Step[], scene: Scene): Promise<string | null> {
  for (const [index, { title, run }] of steps.entries()) {
    console.log(`\n${index + 1}. ${title}`);
    const startedAt = performance.now();
    try {
      await run(scene);
    } catch (error) {
      const reason = scrub(reasonOf(error));
      console.log(`   ✗ ${reason}`);
      return `Step ${index + 1} (${title}) came out otherwise: ${reason}`;
    }
    console.log(`   (${seconds(performance.now() - startedAt)})`);
  }
  return null;
}

/** What `fetch` says is told by its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** What happens where nobody of us can see it. */
export function note(text: string): void {
  console.log(`   … ${text}`);
}

/** One look is enough: what is not so now is wrong. */
export function check(text: string, found: boolean, instead: unknown = null): void {
  if (!found) throw new StepFailed(`expected: ${text}${described(instead)}`);
  console.log(`   ✓ ${text}`);
}

/**
 * Looks again and again until it is so.
 *
 * @param text What should be seen; with the value where it is told from that.
 */
export async function soon<T>(
  text: string | ((value: T) => string),
  look: () => T | Promise<T>,
  wanted: (value: T) => boolean,
): Promise<T> {
  const value = await until(typeof text === "string" ? text : "", look, wanted);
  console.log(`   ✓ ${typeof text === "string" ? text : text(value)}`);
  return value;
}

/** {@link soon}, without a word when it is so. */
export async function until<T>(
  text: string,
  look: () => T | Promise<T>,
  wanted: (value: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const value = await look();
    if (wanted(value)) return value;
    if (performance.now() > deadline) {
      throw new StepFailed(`not seen within ${DEADLINE_MS / 1000} s: ${text}${described(value)}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function described(value: unknown): string {
  return value === null ? "" : `; found instead: ${JSON.stringify(value)?.slice(0, 1200)}`;
}

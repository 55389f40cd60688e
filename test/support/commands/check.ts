import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "./shell.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Where a command is typed: after `cd` somewhere else. */
export interface Place {
  /** Absolute. */
  folder: string;
}

/**
 * Looks whether a command can work.
 *
 * @returns What is wrong with it, or null.
 */
export type Check = (command: Command, place: Place) => string | null | Promise<string | null>;

export function inFolder(place: Place, path: string): string {
  return path.startsWith("/") ? path : join(place.folder, path);
}

/** The flags among arguments, without their values: `--only=x` is `--only`. */
export function flagsOf(args: readonly string[]): string[] {
  return args.filter((arg) => /^--?[A-Za-z]/.test(arg)).map((arg) => arg.replace(/=.*$/s, ""));
}

import { setTimeout as wait } from "node:timers/promises";

/** Waits so many milliseconds, or rejects when the signal fires: a virtual clock hands in its own. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Real time; it keeps no process from ending. */
export const realSleep: Sleep = (ms, signal) =>
  wait(ms, undefined, signal === undefined ? { ref: false } : { signal, ref: false });

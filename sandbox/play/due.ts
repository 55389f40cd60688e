import type { Outcome } from "./outcome.ts";

/** What comes of itself, and when (epoch milliseconds). */
export type Due = { at: number; happen(): Outcome };

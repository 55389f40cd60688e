import { randomFillSync } from "node:crypto";

/** A number from 0 to below 1, as `Math.random`: all chance in the sandbox comes from one of these. */
export type Random = () => number;

const WORD = 6;
const POOL = WORD * 512;

/** True chance, taken from the system in larger pieces: a token alone needs a hundred draws. */
export function cryptoRandom(): Random {
  const pool = Buffer.alloc(POOL);
  let at = POOL;
  return () => {
    if (at === POOL) {
      randomFillSync(pool);
      at = 0;
    }
    const word = pool.readUIntBE(at, WORD);
    at += WORD;
    return word / 2 ** 48;
  };
}

/** The same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` to below `below`. */
export function whole(random: Random, from: number, below: number): number {
  return from + Math.floor(random() * (below - from));
}

export function bytes(random: Random, length: number): Buffer {
  const made = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i += 1) made[i] = random() * 256;
  return made;
}

import { createHash } from "node:crypto";
import { type Random, whole } from "../random.ts";

/** Crockford's alphabet: no I, L, O, U to misread. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const group = (random: Random): string =>
  Array.from({ length: 4 }, () => ALPHABET[whole(random, 0, ALPHABET.length)]).join("");

/** `KEYT-AB12-3C4D-5E6F-7G8H-9J0K`: told once, in the answer to create. */
export function newLicenceKey(random: Random): string {
  return ["KEYT", ...Array.from({ length: 5 }, () => group(random))].join("-");
}

export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** A ULID-like id: sorts by time. */
export function newLicenceId(now: number, random: Random): string {
  let time = "";
  for (let rest = Math.trunc(now), place = 0; place < 10; place += 1, rest = Math.floor(rest / 32)) {
    time = ALPHABET[rest % 32] + time;
  }
  return `lic_${time}${Array.from({ length: 4 }, () => group(random)).join("")}`;
}

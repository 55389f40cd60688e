import { createHash, randomInt } from "node:crypto";

/** Crockford's alphabet: no I, L, O, U to misread. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const group = (): string =>
  Array.from({ length: 4 }, () => ALPHABET[randomInt(ALPHABET.length)] ?? "0").join("");

/** `KEYT-AB12-3C4D-5E6F-7G8H-9J0K`: told once, in the answer to create. */
export function newLicenceKey(): string {
  return ["KEYT", group(), group(), group(), group(), group()].join("-");
}

export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** A ULID-like id: sorts by time. */
export function newLicenceId(now: number): string {
  let time = "";
  for (let rest = Math.trunc(now), place = 0; place < 10; place += 1, rest = Math.floor(rest / 32)) {
    time = ALPHABET[rest % 32] + time;
  }
  return `lic_${time}${group()}${group()}${group()}${group()}`;
}

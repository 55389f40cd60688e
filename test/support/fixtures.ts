import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../fixtures/google-play/", import.meta.url);

/** Names of all of Google's answers and notices that we have the shape of. */
export function fixtureNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.replace(/\.json$/, ""))
    .sort();
}

export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
}

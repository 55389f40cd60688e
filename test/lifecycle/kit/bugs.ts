import type { Scenario } from "./scenario.ts";

/** Known failures that several rows share. */

export const OLD_TOKEN_FIRST: NonNullable<Scenario["bug"]> = {
  ways: ["on time", "doubled"],
  what: "the old token's end, told before the new token, ends access and revokes a licence that goes on",
};

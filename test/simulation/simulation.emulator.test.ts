import { expect, it } from "vitest";
import { onEmulator } from "../world/storage.ts";
import { remembering } from "./remembering.ts";
import { simulate } from "./simulate.ts";

it.each([1, 2])(
  "a random life comes out right on Firestore: seed %i",
  async (seed) => {
    const storage = remembering(onEmulator(import.meta.url));
    const { problems } = await simulate({ seed, customers: 3, storage, checkEvery: 10 });
    expect(problems).toEqual([]);
  },
  300_000,
);

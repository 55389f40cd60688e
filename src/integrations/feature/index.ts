import { z } from "zod";
import type { Integration } from "../integration.ts";

/** Something the owner's app or rules unlock by reading the entitlement: nothing happens outside. */
export const feature: Integration = {
  type: "feature",
  opens: "in_sync",
  offer: z.strictObject({}),
  create: null,
};

import type { Cells } from "./scenario.ts";

/** Cells that many rows share. */

/** Nothing was given, and Google was told nothing. */
export const NOTHING: Cells = { access: "no", grant: "none", licence: "none", acknowledge: "no" };

/** In force, and it renews (or has no end). */
export const IN_FORCE: Cells = {
  access: "yes",
  grant: "delivered",
  licence: "active",
  acknowledge: "acknowledged",
};

/** In force to the end of what is paid. */
export const RUNNING_OUT: Cells = { ...IN_FORCE, access: "until its end" };

/** Over for good, for this reason. */
export function over(reason: string): Cells {
  return { access: "no", grant: `revoked: ${reason}`, licence: "revoked", acknowledge: "acknowledged" };
}

/** Suspended: it may come back. */
export function suspended(detail = ""): Cells {
  return {
    access: "no",
    grant: `revoked: subscription_on_hold${detail}`,
    licence: "suspended",
    acknowledge: "acknowledged",
  };
}

/** It came back: the same licence under a new row. */
export function regranted(detail = ""): Cells {
  return { ...IN_FORCE, grant: `revoked: subscription_on_hold${detail}, then delivered` };
}

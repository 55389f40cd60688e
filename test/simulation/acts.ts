import type { ActionInput, BuyInput } from "../../sandbox/play/inputs.ts";

/** The account id that the app gives Google at a purchase: the customer's own, none, or somebody else's. */
export type AccountChoice = "own" | "none";

/** What is bought; tokens don't exist yet, so other purchases go by their names. */
export type Purchased = Omit<
  BuyInput,
  "uid" | "packageName" | "obfuscatedAccountId" | "resubscribes" | "notify"
> & { readonly account: AccountChoice; readonly resubscribes?: string };

/** An action's input; an order goes by its place among the purchase's. */
export type Doing = Omit<ActionInput, "orderId" | "obfuscatedAccountId" | "notify"> & {
  readonly order?: number;
};

/** How a process ends, or stands still for a while, at one of its next calls to the outside or the store. */
export interface Misfortune {
  readonly calls: number;
  readonly kind: "dies_before" | "dies_after" | "freezes_before" | "freezes_after";
  /** How long it stands still, in minutes. */
  readonly minutes: number;
}

/** How notices come, from now on: the share of them that is lost, doubled, late. */
export interface Channel {
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
}

/** One thing that happens. A life is a list of them; all names are the simulation's own (`p7`, `ann`). */
export type Act = { readonly at: number } & (
  | { readonly do: "buy"; readonly customer: string; readonly purchase: string; readonly what: Purchased }
  | {
      readonly do: "google";
      readonly purchase: string;
      readonly action: string;
      readonly input: Doing;
      /** The name of the purchase that a change of plan makes. */
      readonly makes?: string;
    }
  | {
      readonly do: "verify";
      readonly customer: string;
      readonly purchase: string;
      readonly replica: number;
      readonly copies: number;
    }
  | { readonly do: "restore"; readonly customer: string; readonly replica: number }
  | { readonly do: "app_acknowledges"; readonly purchase: string }
  | {
      readonly do: "fault";
      readonly service: "play" | "keythai" | "store";
      readonly kind: Fault;
      readonly count: number;
    }
  | { readonly do: "misfortune"; readonly replica: number; readonly what: Misfortune }
  | { readonly do: "channel"; readonly channel: Channel }
  | { readonly do: "admin_revoke"; readonly customer: string; readonly pick: number }
  | {
      readonly do: "gift";
      readonly customer: string;
      readonly entitlement: string;
      /** How long it lasts; null: for good. */
      readonly days: number | null;
    }
);

/**
 * What befalls the next calls to a service: an error status, no answer before the call was carried out or after it, no
 * answer for long, or Google's answer as it was before the last change.
 */
export type Fault = "status_503" | "status_429" | "lost" | "unheard" | "hangs" | "stale";

export type ActOf<K extends Act["do"]> = Extract<Act, { do: K }>;

/** One line for people. */
export function describeAct({ at: _, do: what, ...rest }: Act): string {
  const fields = Object.entries(rest).map(([name, value]) =>
    typeof value === "object" ? `${name}=${JSON.stringify(value)}` : `${name}=${value}`,
  );
  return `${what} ${fields.join(" ")}`;
}

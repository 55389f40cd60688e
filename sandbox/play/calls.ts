/** How often each method was called, and how many 429 it answered (quota and faults). */
export type PlayCalls = Record<
  | "get"
  | "acknowledge"
  | "consume"
  | "voidedlist"
  | "orders_get"
  | "refund"
  | "reviewrefund"
  | "cancel"
  | "revoke"
  | "defer"
  | "status429",
  number
>;

export type PlayMethod = Exclude<keyof PlayCalls, "status429">;

export function noCalls(): PlayCalls {
  return {
    get: 0,
    acknowledge: 0,
    consume: 0,
    voidedlist: 0,
    orders_get: 0,
    refund: 0,
    reviewrefund: 0,
    cancel: 0,
    revoke: 0,
    defer: 0,
    status429: 0,
  };
}

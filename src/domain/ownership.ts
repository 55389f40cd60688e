import type { CustomerId } from "./ids.ts";
import type { PurchaseFile } from "./purchase-file.ts";

/** Whom the obfuscated account id of a purchase names. A `stranger` is somebody, but nobody we know. */
export type NamedCustomer =
  | { readonly kind: "nobody" }
  | { readonly kind: "customer"; readonly id: CustomerId }
  | { readonly kind: "stranger" };

export interface Claim {
  /** The verified caller who presents the token; null for notices and sweeps. */
  readonly claimant: CustomerId | null;
  readonly named: NamedCustomer;
}

/** The customer it is bound to; else the owner of the purchase it replaces (google-play.md section 8: trust the chain). */
function boundOwner(file: PurchaseFile): CustomerId | null {
  return file.purchase?.customerId ?? file.related?.customerId ?? null;
}

/** Whose a purchase is: bound, by its chain, by its account id, else the first verified caller (contract section 4). */
export function ownerOf(file: PurchaseFile, claim: Claim): CustomerId | null {
  const named = claim.named.kind === "customer" ? claim.named.id : null;
  return boundOwner(file) ?? named ?? claim.claimant;
}

/** May this caller have it? One token, one account: anybody else is refused. */
export function isSomeoneElses(file: PurchaseFile, { claimant, named }: Claim): boolean {
  if (claimant === null) return false;
  const owner = boundOwner(file);
  if (owner !== null) return owner !== claimant;
  return named.kind === "stranger" || (named.kind === "customer" && named.id !== claimant);
}

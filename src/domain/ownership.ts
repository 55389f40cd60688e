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
  /** Who owned the purchases it descends from, where only Google knew the tokens in between. */
  readonly inherited: CustomerId | null;
  /** `PURCHASE_TRANSFER=allow`: whoever presents it has it from then on. */
  readonly transfers: boolean;
}

/** The customer it is bound to; else the owner of what it replaces (google-play.md section 8: trust the chain). */
function boundOwner(file: PurchaseFile, { inherited }: Claim): CustomerId | null {
  return file.purchase?.customerId ?? file.related?.customerId ?? inherited;
}

/**
 * Whose a purchase is: bound, by its chain, by its account id, else the first verified caller (contract section 4); where
 * transfers are allowed, whoever presents it.
 */
export function ownerOf(file: PurchaseFile, claim: Claim): CustomerId | null {
  if (claim.claimant !== null && mayMove(file, claim)) return claim.claimant;
  const named = claim.named.kind === "customer" ? claim.named.id : null;
  return boundOwner(file, claim) ?? named ?? claim.claimant;
}

/**
 * From whom it moves away with this claim, or is about to take the place of another: all that such a customer has of it ends
 * in the same commit. Null: nobody else has anything of it.
 */
export function formerOwnerOf(file: PurchaseFile, claim: Claim): CustomerId | null {
  const owner = ownerOf(file, claim);
  const holders = [file.purchase?.customerId ?? null, file.related?.customerId ?? null];
  return holders.find((holder) => holder !== null && holder !== owner) ?? null;
}

/** May this caller have it? One token, one account: anybody else is refused. */
export function isSomeoneElses(file: PurchaseFile, claim: Claim): boolean {
  const { claimant, named } = claim;
  if (claimant === null || mayMove(file, claim)) return false;
  const owner = boundOwner(file, claim);
  if (owner !== null) return owner !== claimant;
  return named.kind === "stranger" || (named.kind === "customer" && named.id !== claimant);
}

/** One whose place was taken gives nothing any more: what moves is its successor. */
function mayMove({ purchase }: PurchaseFile, { transfers }: Claim): boolean {
  return transfers && (purchase === null || purchase.observations.supersededBy === null);
}

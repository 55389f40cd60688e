import type { Refusal } from "../domain/decide-sync.ts";
import { AppError } from "../domain/errors.ts";

const MESSAGES: Readonly<Record<Refusal, string>> = {
  purchase_owned_by_another_customer:
    "This purchase belongs to another account. Sign in with the account that bought it.",
  product_mismatch: "The token is for another product than the one named.",
  product_not_in_catalog: "This product is not in the catalogue.",
};

/** What a caller is told when a decision refuses. */
export function refusal(code: Refusal): AppError {
  return new AppError(code, MESSAGES[code]);
}

import { AppError } from "../../domain/errors.ts";
import type { PurchaseRef } from "../../domain/purchase-file.ts";

/**
 * What may become a segment of Google's path. The client escapes a slash but is not to be trusted with `.` and `..`,
 * nor with an empty token, which asks for something else (google-play.md section 14).
 */
const TOKEN = /^(?!\.+$)[A-Za-z0-9._-]{20,2048}$/;
const PACKAGE_NAME = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
/** `GPA.3345-1234-5678-90123..0`: the form is not documented, so anything that is safe in a path will do. */
const ORDER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const PRODUCT_ID = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** Longer than Google allows for either; keeps a wild one out of the URL. */
const MAX_NAME = 255;

export interface PathIds {
  readonly packageName: string;
  readonly token: string;
}

/**
 * @returns The segments of the path to a purchase, safe to be put there.
 * @throws AppError `purchase_not_found` for what Google can't have issued: nobody needs to be asked (contract section 3).
 */
export function pathIds(ref: PurchaseRef): PathIds {
  const { packageName } = ref;
  const token = ref.token.reveal();
  if (!TOKEN.test(token) || !isName(packageName, PACKAGE_NAME)) throw notFound();
  return { packageName, token };
}

/** As {@link pathIds}, with the product that the old acknowledge and consume methods want in the path. */
export function pathIdsOfProduct(
  ref: PurchaseRef,
  productId: string,
): PathIds & { readonly productId: string } {
  if (!isName(productId, PRODUCT_ID)) throw notFound();
  return { ...pathIds(ref), productId };
}

/**
 * @returns The package name, safe to be put into a path.
 * @throws AppError `purchase_not_found` for what can't be one.
 */
export function pathPackage(packageName: string): string {
  if (!isName(packageName, PACKAGE_NAME)) throw notFound();
  return packageName;
}

/** As {@link pathPackage}, with an order in it. */
export function pathIdsOfOrder(packageName: string, orderId: string) {
  if (!isName(orderId, ORDER_ID)) throw notFound();
  return { packageName: pathPackage(packageName), orderId };
}

function isName(text: string, pattern: RegExp): boolean {
  return text.length <= MAX_NAME && pattern.test(text);
}

function notFound(): AppError {
  return new AppError(
    "purchase_not_found",
    "This can't be a purchase of Google Play: check token, product and package.",
  );
}

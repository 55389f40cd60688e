import { CATALOG_JSON } from "../../world/shop.ts";

/** The shop with something said otherwise at the top of its catalogue. */
export function catalogWith(more: object): unknown {
  return { ...CATALOG_JSON, ...more };
}

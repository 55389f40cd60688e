import { KeyThaiApiError } from "../../adapters/keythai/keythai-error.ts";
import type { LicenseOffer } from "../catalog-file.ts";
import { type Check, type Finding, failed, ok, skipped, warning } from "../check.ts";
import { explainKeyThai, keyThaiOf, type ProductPolicies, readProducts } from "../keythai.ts";

const LIST = "npx playgrant keythai policies lists what there is";

/** The license server: whether our key works, and whether it has what the catalogue names. */
export const keythai: Check = {
  name: "keythai",
  async run({ config, catalog, timeoutMs }) {
    const apiKey = config.KEYTHAI_API_KEY;
    if (apiKey === undefined)
      return [
        skipped(
          catalog?.licenses.length
            ? "because KEYTHAI_API_KEY is not right: see settings"
            : "KEYTHAI_API_KEY is not set: no licenses are sold",
        ),
      ];
    try {
      const products = await readProducts(keyThaiOf(config, apiKey, timeoutMs));
      return [
        ok(
          "the API key reads products and policies (license:read). Whether it may also make licenses (license:write) " +
            "can't be tried without making one: look in KeyThai's console",
        ),
        ...(catalog?.licenses ?? []).map((offer) => lookUp(offer, products)),
      ];
    } catch (error) {
      if (!(error instanceof KeyThaiApiError)) throw error;
      const { message, fix } = explainKeyThai(error);
      return [failed(message, fix)];
    }
  },
};

function lookUp(
  { entitlementId, product: code, policyId }: LicenseOffer,
  all: readonly ProductPolicies[],
): Finding {
  const who = `entitlement ${entitlementId}`;
  const listed = all.find(({ product }) => product.code === code);
  if (listed === undefined) {
    const isId = all.find(({ product }) => product.id === code);
    const hint = isId === undefined ? LIST : `That is the product's id; its code is ${isId.product.code}`;
    return failed(
      `${who}: KeyThai has no product with the code ${code}`,
      `Correct "product" in the catalogue. ${hint}`,
    );
  }
  const owners = all.filter(({ policies }) => policies.some(({ id }) => id === policyId));
  const correct = `Correct "policy_id" in the catalogue. ${LIST}`;
  if (owners.length === 0) return failed(`${who}: KeyThai has no policy ${policyId}`, correct);
  if (!owners.includes(listed)) {
    const other = owners.map(({ product }) => product.code).join(", ");
    return failed(`${who}: the policy ${policyId} belongs to ${other}, not to ${code}`, correct);
  }
  if (owners.length > 1)
    return warning(
      `${who}: KeyThai doesn't tell whose the policy ${policyId} is`,
      `Look in KeyThai's console whether it is one of ${code}`,
    );
  return ok(`${who}: product ${code}, policy ${policyId}`);
}

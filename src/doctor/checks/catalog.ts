import { type Check, failed, ok, warning } from "../check.ts";

/** The file that says what is sold, by itself; whether KeyThai has what it names is told by `keythai`. */
export const catalog: Check = {
  name: "catalog",
  run({ config, issues, catalog }) {
    const wrong = issues
      .filter(({ variable }) => variable === "CATALOG_FILE")
      .map(({ message }) =>
        failed(
          message,
          `Correct ${config.CATALOG_FILE} (CATALOG_FILE): examples/catalog.json shows how it looks`,
        ),
      );
    if (wrong.length > 0 || catalog === null) return wrong;
    const { products, licenses } = catalog;
    const { packages, entitlements } = catalog.catalog;
    if (products === 0) return [warning("it sells nothing", `List your products in ${config.CATALOG_FILE}`)];
    return [
      ok(
        `products: ${products}, apps: ${packages.size}, entitlements: ${entitlements.size}, licenses among them: ${licenses.length}`,
      ),
    ];
  },
};

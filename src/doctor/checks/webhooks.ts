import { type Check, ok, skipped, warning } from "../check.ts";

/** The service switched them off by itself: they answered 410, or failed for days. */
export const webhooks: Check = {
  name: "webhooks",
  needs: () => ["firestore"],
  async run({ config, store }) {
    if (config.PLAYGRANT_STORE === "memory") return [skipped("the store is in memory")];
    if (config.GOOGLE_CLOUD_PROJECT === undefined)
      return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    const endpoints = await (await store()).webhookRecords.endpoints();
    const off = endpoints.filter(({ enabled }) => !enabled);
    if (off.length === 0) return [ok(`${endpoints.length} endpoints, none of them switched off`)];
    return off.map(({ id, disabledReason }) =>
      warning(
        `${id} is switched off: ${disabledReason ?? "no reason is known"}`,
        `When it works again, enable it: PATCH /v1/admin/webhook_endpoints/${id} {"enabled": true}, then POST …/${id}/recover`,
      ),
    );
  },
};

import { ok, warning } from "../check.ts";
import { storeCheck } from "../store-check.ts";

/** Endpoints that hear nothing: the service switched them off, after a 410 or days of failures, or a person did. */
export const webhooks = storeCheck("webhooks", async ({ webhookRecords }) => {
  const endpoints = await webhookRecords.endpoints();
  const off = endpoints.filter(({ enabled }) => !enabled);
  if (off.length === 0) return [ok(`${endpoints.length} endpoints, none of them switched off`)];
  return off.map(({ id, disabledReason }) =>
    warning(
      `${id} is switched off: ${disabledReason ?? "no reason is known"}`,
      `When it works again, enable it: PATCH /v1/admin/webhook_endpoints/${id} {"enabled": true}, then POST …/${id}/recover`,
    ),
  );
});

import { PACKAGE } from "./customer.ts";
import type { Stage } from "./stage.ts";

/** Where everything is, and how to go on by hand. */
export function outro({ sandbox, service, adminKey }: Stage): void {
  const json = "-H 'Content-Type: application/json'";
  const field = (name: string) => `node -pe "JSON.parse(fs.readFileSync(0)).${name}"`;
  console.log(`
Everything stays up until Ctrl-C:
  the API                  ${service.url}
  its docs                 ${service.url}/docs
  the sandbox              ${sandbox.url}  (control: /sandbox/purchases, /sandbox/keythai, /sandbox/faults)
  mails that came          ${sandbox.url}/mailbox
  webhooks that came       ${sandbox.url}/webhooks  (verified: the signature holds; the shop's system: /webhooks/shop)

Try it: sign in, buy, show the purchase to playgrant, cancel it, look again.
  ID=$(curl -s ${sandbox.url}/identity/tokens ${json} -d '{"uid":"you"}' | ${field("token")})
  BOUGHT=$(curl -s ${sandbox.url}/sandbox/purchases ${json} -d '{"uid":"you","package_name":"${PACKAGE}","product_id":"studio","base_plan_id":"monthly"}' | ${field("purchase_token")})
  curl -s ${service.url}/v1/purchases/verify -H "Authorization: Bearer $ID" ${json} -d '{"package_name":"${PACKAGE}","product_id":"studio","purchase_token":"'$BOUGHT'"}'; echo
  curl -s -X POST ${sandbox.url}/sandbox/purchases/$BOUGHT/cancel ${json} -d '{}'; sleep 1; echo
  curl -s ${service.url}/v1/entitlements -H "Authorization: Bearer $ID"
Products: lifetime, workbook, brushes (one-time; "pending":true for a QR code, then …/pay), studio and studio_team (monthly).
The admin API: -H 'Authorization: Bearer ${adminKey}', e.g. ${service.url}/v1/admin/webhook_endpoints
Actions: pay, cancel, restart, renew, grace, hold, recover, pause, resume, expire, revoke, refund, change_plan.`);
}

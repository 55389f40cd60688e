import { admin } from "../../auth.ts";
import type { HttpPorts } from "../../context.ts";
import { KIB, limited } from "../../limited.ts";
import { createRouter } from "../../openapi.ts";
import { customerRoutes } from "./customers.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { adminGrantRoutes } from "./grants.ts";
import { orphanRoutes } from "./orphans.ts";
import { adminPurchaseRoutes } from "./purchases.ts";
import { reviewRoutes } from "./refund-reviews.ts";
import { deliveryRoutes } from "./webhook-deliveries.ts";
import { endpointRoutes } from "./webhook-endpoints.ts";
import { webhookTryRoutes } from "./webhook-tries.ts";

/** The shop's people (contract section 8): whatever lies below asks for an admin key before anything is read. */
export function adminRoutes(ports: HttpPorts) {
  const router = createRouter();
  router.use("/v1/admin/*", admin(ports));
  router.use("/v1/admin/*", limited(16 * KIB));
  const parts = [
    customerRoutes,
    adminPurchaseRoutes,
    adminGrantRoutes,
    deadLetterRoutes,
    orphanRoutes,
    reviewRoutes,
    endpointRoutes,
    webhookTryRoutes,
    deliveryRoutes,
  ];
  for (const part of parts) router.route("/", part(ports));
  return router;
}

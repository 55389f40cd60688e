import { AppError } from "../../domain/errors.ts";
import { handleNotification } from "../../use-cases/handle-notification.ts";
import { pushEnvelopeSchema, readPush } from "../../use-cases/notification-message.ts";
import { fromPubSub } from "../auth.ts";
import type { HttpPorts } from "../context.ts";
import { KIB, limited } from "../limited.ts";
import { createRouter, jsonBody, PUBSUB, problems } from "../openapi.ts";

/** Google's notices are about 1 KB, but Pub/Sub carries 10 MB, which base64 and the envelope make larger. */
const MAX_BYTES = 16 * KIB * KIB;

/** Only described by it: a body that is none of these is a dead letter, not a refusal. */
const push = {
  method: "post",
  path: "/v1/rtdn",
  summary: "A Real-time Developer Notification, pushed by Pub/Sub",
  security: PUBSUB,
  request: jsonBody(pushEnvelopeSchema),
  responses: { 204: { description: "Done, or knowingly set aside" }, ...problems(401, 413, 503) },
} as const;

/** `POST /v1/rtdn`: 204 means done or knowingly set aside, 503 send it again (contract section 4). */
export function rtdnRoutes(ports: HttpPorts) {
  const router = createRouter();
  router.openAPIRegistry.registerPath(push);
  router.use(push.path, fromPubSub(ports));
  router.use(push.path, limited(MAX_BYTES));
  router.post(push.path, async (c) => {
    const handled = await handleNotification(ports, readPush(await c.req.text()));
    if (handled === "done") return c.body(null, 204);
    throw new AppError("notice_not_handled", "This notice could not be handled now. Send it again.", {
      retryable: true,
    });
  });
  return router;
}

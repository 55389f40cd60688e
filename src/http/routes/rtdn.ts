import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import { handleNotification, type NotificationMessage } from "../../use-cases/handle-notification.ts";
import { fromPubSub } from "../auth.ts";
import type { HttpEnv, HttpPorts } from "../context.ts";

/** What Pub/Sub pushes, wrapped (google-play.md section 2). */
const envelopeSchema = z.looseObject({
  message: z.looseObject({ data: z.string(), messageId: z.string().nullish() }),
});

/** Google's notices are about 1 KB, but Pub/Sub carries 10 MB, which base64 and the envelope make larger. */
const MAX_BYTES = 16 * 1024 * 1024;

/** `POST /v1/rtdn`: 204 means done or knowingly set aside, 503 send it again (contract section 4). */
export function rtdnRoutes(ports: HttpPorts): Hono<HttpEnv> {
  const router = new Hono<HttpEnv>();
  router.use("/v1/rtdn", fromPubSub(ports));
  router.use("/v1/rtdn", bodyLimit({ maxSize: MAX_BYTES, onError: () => tooLarge() }));
  router.post("/v1/rtdn", async (c) => {
    const handled = await handleNotification(ports, readPush(await c.req.text()));
    if (handled === "done") return c.body(null, 204);
    throw new AppError("notice_not_handled", "This notice could not be handled now. Send it again.", {
      retryable: true,
    });
  });
  return router;
}

function tooLarge(): never {
  throw new AppError("request_too_large", "No notice of Google's is as large as this.");
}

function readPush(raw: string): NotificationMessage {
  const envelope = envelopeSchema.safeParse(parseJson(raw));
  if (!envelope.success)
    return { messageId: null, source: "push", text: null, raw, broken: "malformed_envelope" };
  const { data, messageId } = envelope.data.message;
  return {
    messageId: messageId ?? null,
    source: "push",
    text: decodeBase64(data),
    raw: data,
    broken: "not_base64",
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBase64(data: string): string | null {
  if (data === "" || !BASE64.test(data)) return null;
  return Buffer.from(data, "base64").toString("utf8");
}

import { z } from "zod";
import type { DeadLetter } from "../ports.ts";

/** A message as it came, by push or by pull. */
export interface NotificationMessage {
  readonly messageId: string | null;
  readonly source: "push" | "pull";
  /** The message's data, decoded; null where there was none to be had. */
  readonly text: string | null;
  /** Why there was none. */
  readonly broken: "malformed_envelope" | "not_base64";
  /** As received, for the dead letters. */
  readonly raw: string;
}

/** What Pub/Sub pushes, wrapped (google-play.md section 2). */
export const pushEnvelopeSchema = z.looseObject({
  message: z.looseObject({ data: z.string(), messageId: z.string().nullish() }),
});

/** @param raw The body of a push request, whatever it is. */
export function readPush(raw: string): NotificationMessage {
  const envelope = pushEnvelopeSchema.safeParse(parseJson(raw));
  if (!envelope.success)
    return { messageId: null, source: "push", text: null, raw, broken: "malformed_envelope" };
  const { data, messageId } = envelope.data.message;
  return readMessage("push", messageId ?? null, data);
}

/** The message that became this letter. What was cut off when it was kept stays lost: such a one stays hopeless. */
export function messageOf({ reason, source, messageId, data }: DeadLetter): NotificationMessage {
  return reason === "malformed_envelope" ? readPush(data) : readMessage(source, messageId, data);
}

/** @param data As Pub/Sub carries it: base64. */
export function readMessage(
  source: NotificationMessage["source"],
  messageId: string | null,
  data: string,
): NotificationMessage {
  return { messageId, source, text: decodeBase64(data), raw: data, broken: "not_base64" };
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

import { z } from "@hono/zod-openapi";
import { grantEventTypes } from "../domain/grant-events.ts";
import { name, pageOf, time } from "./schemas.ts";

/** The wire shapes of contract section 8's webhook part. What is sent to us may hold nothing that we don't know. */

const eventType = z.enum(grantEventTypes);

export const endpointSchema = z
  .object({
    id: z.string().openapi({ example: "whe_0123456789abcdef0123456789abcdef" }),
    url: z.string(),
    description: z.string(),
    event_types: z.array(eventType).nullable().openapi({ description: "Null: all; an empty list: none" }),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    created_at: time,
    updated_at: time,
  })
  .openapi("WebhookEndpoint");

export const endpointWithSecretSchema = z
  .object({
    ...endpointSchema.shape,
    secret: z.string().openapi({ description: "Signs by Standard Webhooks; it is shown this once" }),
  })
  .openapi("WebhookEndpointWithSecret");

export const endpointsSchema = pageOf(endpointSchema, "WebhookEndpoints");

const url = name.max(2048).openapi({
  description: "https on port 443, of a public host, without credentials",
  example: "https://shop.example/hooks/playgrant",
});
const description = z.string().max(500);
const eventTypes = z
  .array(eventType)
  .transform((types) => [...new Set(types)])
  .nullable()
  .openapi({ description: "Null: all; an empty list: none" });

export const endpointRequestSchema = z
  .strictObject({ url, description: description.default(""), event_types: eventTypes.default(null) })
  .openapi("WebhookEndpointRequest");

export const endpointPatchSchema = z
  .strictObject({
    url: url.optional(),
    description: description.optional(),
    event_types: eventTypes.optional(),
    enabled: z.boolean().optional(),
    disabled_reason: z.string().min(1).max(500).optional(),
  })
  .refine((patch) => patch.disabled_reason === undefined || patch.enabled === false, {
    path: ["disabled_reason"],
    message: "goes with enabled: false",
  })
  .openapi("WebhookEndpointPatch");

export const rotationSchema = z
  .strictObject({
    expire_old: z
      .boolean()
      .optional()
      .openapi({ description: "True: the former secrets stop signing at once, not in 24 hours" }),
  })
  .openapi("WebhookSecretRotation");

export const webhookTestSchema = z
  .strictObject({
    event_type: eventType.optional().openapi({
      description: "Left out: the first that the endpoint wants",
    }),
  })
  .openapi("WebhookTest");

export const webhookTestResultSchema = z
  .object({
    status_code: z.number().int().nullable().openapi({ description: "Null: no answer came" }),
    duration_ms: z.number(),
    outcome: z.enum(["succeeded", "failed"]),
    response_excerpt: z.string().nullable(),
  })
  .openapi("WebhookTestResult");

export const deliverySchema = z
  .object({
    id: z.string().openapi({ description: "The delivery's id and the attempt's number" }),
    webhook_id: z.string().openapi({ description: "The header of this name: the same in every attempt" }),
    grant_id: z.string(),
    event_type: eventType,
    attempt: z.number().int(),
    at: time.openapi({ description: "When it began; of what is still to come, when it will" }),
    status_code: z.number().int().nullable().openapi({ description: "Null: no answer came" }),
    duration_ms: z.number(),
    outcome: z.enum(["succeeded", "failed", "pending"]),
    next_attempt_at: time.nullable(),
    response_excerpt: z.string().nullable().openapi({ description: "The first KiB, or why there is none" }),
  })
  .openapi("WebhookDelivery");

export const deliveriesSchema = pageOf(deliverySchema, "WebhookDeliveries");

export const replayRequestSchema = z
  .strictObject({ since: z.iso.datetime({ offset: true }) })
  .openapi("WebhookReplayRequest");

export const webhookReplaySchema = z
  .object({ endpoint_id: z.string(), since: time, which: z.enum(["missing", "failed"]) })
  .openapi("WebhookReplay");

import { AppError } from "../../domain/errors.ts";
import type { Ports } from "../../ports.ts";

/** @throws AppError `invalid_request` that says why nothing may be sent to this URL. */
export async function mayBeSentTo({ webhooks }: Pick<Ports, "webhooks">, url: string): Promise<void> {
  const message = await webhooks.refusal(url);
  if (message === null) return;
  throw new AppError("invalid_request", message, { issues: [{ path: "url", message }] });
}

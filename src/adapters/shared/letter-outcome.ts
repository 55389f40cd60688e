import type { MailId } from "../../domain/ids.ts";

/** A letter that was given up is remembered beside the place where it will stand once it is sent. */
export function letterId(id: MailId, outcome: "sent" | "given_up"): string {
  return outcome === "sent" ? id : `${id}_given_up`;
}

/** How each thing is written and read: field names of Firestore stand in `documents/` and nowhere else but in queries. */
export * from "./documents/audit.ts";
export * from "./documents/customer.ts";
export * from "./documents/fields.ts";
export * from "./documents/grant.ts";
export * from "./documents/intake.ts";
export * from "./documents/license.ts";
export * from "./documents/mail.ts";
export * from "./documents/purchase.ts";
export * from "./documents/webhook.ts";

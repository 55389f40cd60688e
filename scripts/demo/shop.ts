import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { okJson } from "./customer.ts";

/** The shop owner: has the admin key, and a system of its own that wants to hear of licences. */
export interface Shop {
  /** Where its system takes webhooks. */
  readonly address: string;
  /** Registers the address and gives its system the secret, which is shown this once. */
  register(): Promise<Registered>;
  /** Asks for a test event, which is sent once. */
  tryOut(endpointId: string): Promise<void>;
  /** What waits to be done at playgrant, or is under way: webhooks and mails too. */
  effectsDue(): Promise<number>;
}

export interface AdminKey {
  readonly key: string;
  /** Its entry in ADMIN_API_KEYS: the name and a hash. */
  readonly entry: string;
}

export function newAdminKey(name: string): AdminKey {
  const key = randomBytes(24).toString("base64url");
  return { key, entry: `${name}:${createHash("sha256").update(key).digest("hex")}` };
}

/** The name of the shop's own system among the sandbox's receivers. */
export const SHOP_SYSTEM = "shop";

const registeredSchema = z.object({ id: z.string(), enabled: z.boolean(), secret: z.string() });
export type Registered = z.output<typeof registeredSchema>;

export function openShop({ webhooks }: Sandbox, url: string, adminKey: string): Shop {
  const headers = { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" };
  const address = webhooks.url(SHOP_SYSTEM);
  const post = async (path: string, body: object): Promise<unknown> => {
    const endpoints = `${url}/v1/admin/webhook_endpoints`;
    return okJson(await fetch(endpoints + path, { method: "POST", headers, body: JSON.stringify(body) }));
  };
  return {
    address,
    async register() {
      const answer = await post("", { url: address, description: "the shop's own system" });
      const registered = registeredSchema.parse(answer);
      webhooks.setSecret(SHOP_SYSTEM, registered.secret);
      return registered;
    },
    tryOut: async (endpointId) => void (await post(`/${endpointId}/test`, {})),
    async effectsDue() {
      const response = await fetch(`${url}/metrics`, { headers });
      const due = /^playgrant_effects_due (\d+)$/m.exec(await response.text())?.[1];
      if (due === undefined) throw new Error("playgrant doesn't say what is due");
      return Number(due);
    },
  };
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { ActionInput } from "../../../sandbox/play/inputs.ts";
import { emulatorProject } from "../../support/emulator.ts";
import { type Answer, CATALOG, eventually, PACKAGE, startLab } from "../../support/lab.ts";
import type { ServiceProcess } from "../../support/processes.ts";
import { type GrantRow, grantsOf, type Verified, verify } from "../../support/wire.ts";
import { ADMIN_API_KEYS, type AdminRequest, adminKey, adminKeysIn, askAdmin } from "./desk.ts";
import { runSweep, type SweepRun } from "./sweep-run.ts";

/** A shop with real service processes, an admin at the desk, and something of everything that stage 2 speaks of. */

/** What is due later than this (the end of a gift, say) is not waited for. */
const SOON_MS = 30_000;

const product = (product_id: string, more: object) => ({ package_name: PACKAGE, product_id, ...more });

export const SHOP_CATALOG = {
  entitlements: CATALOG.entitlements,
  products: [
    ...CATALOG.products,
    product("plan_lite", { type: "subscription", entitlements: ["premium"] }),
    product("addon", { type: "subscription", entitlements: ["desktop"] }),
    product("seats", { type: "one_time", consumable: true, entitlements: ["desktop"] }),
  ],
};

export interface ShopOptions {
  /** How many processes; default: 1. */
  readonly services?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

/** @param testFile `import.meta.url`. Close the shop at the end. */
export async function openShop(testFile: string, options: ShopOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-shop-"));
  const catalogFile = join(folder, "catalog.json");
  const writeCatalog = (catalog: object) => writeFileSync(catalogFile, JSON.stringify(catalog));
  writeCatalog(SHOP_CATALOG);
  const settings = { CATALOG_FILE: catalogFile, ADMIN_API_KEYS, VERIFY_FRESH_SECONDS: "0", ...options.env };
  const lab = await startLab(emulatorProject(testFile), { rtdn: "push", env: settings });
  const services = await Promise.all(Array.from({ length: options.services ?? 1 }, () => lab.start()));
  const { play, keythai, faults } = lab.sandbox;

  const at = (index = 0): ServiceProcess => {
    const service = services[index % services.length];
    if (service === undefined) throw new Error("the shop has no service");
    return service;
  };

  const licences = (uid: string) => keythai.licences.filter(({ metadata }) => metadata.customer === uid);

  return {
    lab,
    play,
    keythai,
    faults,
    at,
    writeCatalog,
    licences,

    /** The first one dies at once, another takes its place. */
    async restart(): Promise<void> {
      await at().kill("SIGKILL");
      services[0] = await lab.start();
    },

    /** @param index Which of the processes answers. */
    admin: <T>(path: string, request: AdminRequest = {}, index = 0): Promise<Answer<T>> =>
      askAdmin<T>(at(index), path, request),

    sweep: (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<SweepRun> =>
      runSweep(lab, args, { ...settings, ...env }),

    subscribe: (uid: string, productId = "plan") => lab.buy(uid, productId, { basePlanId: "monthly" }),

    async verified(uid: string, productId: string, token: string): Promise<Verified> {
      const { status, body } = await verify(lab, at(), uid, productId, token);
      expect(status, JSON.stringify(body)).toBe(200);
      return body;
    },

    act: (token: string, action: string, input: ActionInput = {}) =>
      play.act(token, action, input).purchaseToken,

    grants: (uid: string): Promise<GrantRow[]> => grantsOf(lab, at(), uid),

    /** `premium Delivered`, `studio Revoked: plan_changed`, in alphabetical order. */
    async told(uid: string): Promise<string[]> {
      return (await grantsOf(lab, at(), uid))
        .map(({ entitlement_id, status, revocation_reason: why }) =>
          why === null ? `${entitlement_id} ${status}` : `${entitlement_id} ${status}: ${why}`,
        )
        .sort();
    },

    /** How the customer's licences stand at KeyThai, in alphabetical order. */
    standing: (uid: string): string[] =>
      licences(uid)
        .map(({ status }) => status)
        .sort(),

    /** Every notice has been handled, and nothing is left to do at once. */
    async settled(): Promise<void> {
      await play.delivered();
      await eventually(async () => {
        const waiting = (await lab.documents("outbox")).map(({ data }) => data);
        expect(waiting.filter(({ due_at }) => due_at.toMillis() < Date.now() + SOON_MS)).toEqual([]);
      });
    },

    /** No secret in logs, document ids, documents or metrics, and none of the admins' keys either. */
    async leaks(): Promise<string[]> {
      const headers = { Authorization: `Bearer ${adminKey("anna")}` };
      const metrics = await (await fetch(`${at().url}/metrics`, { headers })).text();
      const stored = JSON.stringify(await lab.everything());
      const tokens = [...play.world.purchases.keys()].filter((token) => metrics.includes(token));
      const keys = [metrics, stored, lab.output.text()].flatMap(adminKeysIn);
      return [...(await lab.leaks()), ...tokens, ...keys];
    },

    async close(): Promise<void> {
      await lab.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import type { Clock } from "../clock.ts";
import { cryptoRandom, type Random } from "../random.ts";
import { createSigner, type Signer } from "./answer-signer.ts";
import { hashKey, newLicenceId, newLicenceKey } from "./keys.ts";
import { KeyThaiError, type Licence, type Policy, type Product } from "./model.ts";

export const SANDBOX_API_KEY = "kt_test_sandbox";
export const READ_ONLY_KEY = "kt_test_readonly";

export type KeyThaiCalls = {
  create: number;
  list: number;
  get: number;
  update: number;
  removeMachine: number;
  licenceApi: number;
};

export type Order = {
  product: string;
  policyId: string;
  holderName?: string | undefined;
  holderEmail?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  quantity?: number | undefined;
};

export type KeyThai = {
  readonly apiKey: string;
  readonly licences: readonly Licence[];
  readonly products: Product[];
  readonly policies: Policy[];
  readonly calls: KeyThaiCalls;
  readonly signer: Signer;
  readonly now: Clock;
  /** What `q` finds is not known (facts UNCONFIRMED): holder and last four always, metadata's values if true. */
  qMatchesMetadata: boolean;
  /** The list's envelope is not known either. */
  listEnvelope: "licenses" | "data";
  /** The licence of a plaintext key, by its hash. */
  findByKey(key: string): Licence | undefined;
  /** What `POST /licenses` does: there is no idempotency key, each call makes new ones. */
  create(order: Order): { licence: Licence; key: string }[];
};

/** The sandbox's KeyThai with one product, `my-app`, and a policy of each type. */
export function createKeyThai(apiKey: string, now: Clock, random: Random = cryptoRandom()): KeyThai {
  const licences: Licence[] = [];
  const byHash = new Map<string, Licence>();
  const products = [{ id: "01J00000000000000000000PRD", code: "my-app", name: "My App" }];
  const policies = defaultPolicies("01J00000000000000000000PRD");

  function createOne(order: Order): { licence: Licence; key: string } {
    const key = newLicenceKey(random);
    const licence: Licence = {
      id: newLicenceId(now(), random),
      keyHash: hashKey(key),
      keyLast4: key.slice(-4),
      product: order.product,
      policyId: order.policyId,
      createdAt: now(),
      status: "active",
      holderName: order.holderName ?? null,
      holderEmail: order.holderEmail ?? null,
      metadata: order.metadata ?? {},
      expiresAt: null,
      machines: [],
    };
    licences.push(licence);
    byHash.set(licence.keyHash, licence);
    return { licence, key };
  }

  return {
    apiKey,
    licences,
    products,
    policies,
    calls: { create: 0, list: 0, get: 0, update: 0, removeMachine: 0, licenceApi: 0 },
    signer: createSigner(random),
    now,
    qMatchesMetadata: false,
    listEnvelope: "licenses",
    findByKey: (key) => byHash.get(hashKey(key)),
    create(order) {
      const product = products.find(({ code }) => code === order.product);
      if (product === undefined) throw invalid(`product: there is no ${order.product}`);
      const policy = policies.find(({ id }) => id === order.policyId);
      if (policy?.productId !== product.id) throw invalid(`policyId: ${order.product} has no such policy`);
      return Array.from({ length: order.quantity ?? 1 }, () => createOne(order));
    },
  };
}

export function invalid(message: string): KeyThaiError {
  return new KeyThaiError(400, "VALIDATION_ERROR", message);
}

function defaultPolicies(productId: string): Policy[] {
  return [
    { id: "01J0000000000000000000PERP", productId, name: "Perpetual", type: "perpetual", maxMachines: 3 },
    {
      id: "01J00000000000000000000SUB",
      productId,
      name: "Subscription",
      type: "subscription",
      maxMachines: 3,
    },
  ];
}

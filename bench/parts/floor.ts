import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { Firestore, type WriteBatch } from "@google-cloud/firestore";
import { androidpublisher } from "@googleapis/androidpublisher";
import type { Op } from "./firestore-meter.ts";
import { type Bought, PACKAGE } from "./shop.ts";

/** The least that any service must do for a purchase, with the very clients that the service uses and nothing else. */
export type FloorUnit = (bought: Pick<Bought, "token" | "productId">) => Promise<void>;

export interface FloorPlan {
  /** The batch that the service committed for such a purchase. */
  readonly batch: readonly Op[];
  /** How many documents it had read until then. */
  readonly documentsRead: number;
}

/**
 * One GET at the fake Play, one `getAll` of as many documents as the service reads, one batch of the same documents
 * under new ids with the same preconditions: nothing parsed, nothing checked, nothing decided.
 */
export function createFloor(rootUrl: string, projectId: string, plan: FloorPlan): FloorUnit {
  const db = new Firestore({ projectId });
  const { purchases } = androidpublisher("v3");
  const options = {
    rootUrl,
    retry: false,
    responseType: "json",
    agent: new Agent({ keepAlive: true }),
    timeout: 3000,
  } as const;
  return async ({ token, productId }) => {
    const ids = { packageName: PACKAGE, token };
    if (productId.startsWith("subscription")) await purchases.subscriptionsv2.get(ids, options);
    else await purchases.productsv2.getproductpurchasev2(ids, options);
    const fresh = freshIds();
    const wanted = Array.from({ length: plan.documentsRead }, () =>
      db.collection("purchases").doc(fresh(`pur_${"0".repeat(32)}`)),
    );
    await db.getAll(...wanted);
    const batch = db.batch();
    for (const op of plan.batch) replay(batch, db, op, fresh);
    await batch.commit();
  };
}

type Freshen = (id: string) => string;

/** For each id one of the same length that nobody has: the same one wherever it stood. */
function freshIds(): Freshen {
  const known = new Map<string, string>();
  return (id) => {
    const given = known.get(id);
    if (given !== undefined) return given;
    const fresh = randomBytes(Math.ceil(id.length / 2))
      .toString("hex")
      .slice(0, id.length);
    known.set(id, fresh);
    return fresh;
  };
}

function replay(batch: WriteBatch, db: Firestore, { kind, path, rest }: Op, fresh: Freshen): void {
  const parts = path.split("/");
  const ref = db.doc(parts.map((part, index) => (index % 2 === 0 ? part : fresh(part))).join("/"));
  const [data, options] = rest as [object, { merge?: boolean } | undefined];
  if (kind === "create") batch.create(ref, data);
  else if (kind === "set") batch.set(ref, data, options ?? {});
  else throw new Error(`the floor can't replay ${kind}: a first write of a new purchase should have none`);
}

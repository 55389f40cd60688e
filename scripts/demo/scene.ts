import type { Sandbox } from "../../sandbox/sandbox.ts";
import { type Customer, PACKAGE, signIn } from "./customer.ts";
import { type Holdings, holdingsInApi, holdingsInFirestore } from "./holdings.ts";
import { createNews, type News } from "./news.ts";
import { openShop, type Shop } from "./shop.ts";
import type { Closing, Stage } from "./stage.ts";
import { soon } from "./teller.ts";
import { createWitness, type Witness } from "./witness.ts";

/** Who and what the steps of the story have to do with. */
export interface Scene {
  readonly somchai: Customer;
  readonly malee: Customer;
  readonly play: Sandbox["play"];
  readonly keythai: Sandbox["keythai"];
  readonly shop: Shop;
  /** What the shop's system and Somchai are told. */
  readonly news: News;
  /** What is kept of Somchai. */
  readonly holdings: Holdings;
  readonly witness: Witness;
  /** His purchase tokens, by product. */
  readonly tokens: Map<string, string>;
}

export interface Step {
  readonly title: string;
  /** Ends by itself when all that it expects is so. @throws StepFailed */
  run(scene: Scene): Promise<void>;
}

export async function setScene(stage: Stage, closing: Closing): Promise<Scene> {
  const { sandbox, service, backing } = stage;
  const somchai = await signIn(sandbox, service.url, "somchai");
  const malee = await signIn(sandbox, service.url, "malee");
  const holdings = backing.firestore
    ? holdingsInFirestore(backing.projectId, somchai.uid)
    : holdingsInApi(somchai);
  closing.push(() => holdings.close());
  const { play, keythai } = sandbox;
  const shop = openShop(sandbox, service.url, stage.adminKey);
  const news = createNews(sandbox, somchai.email);
  return {
    somchai,
    malee,
    play,
    keythai,
    shop,
    news,
    holdings,
    witness: createWitness({ stage, holdings, shop, news }),
    tokens: new Map(),
  };
}

interface Wish {
  readonly basePlanId?: string;
  readonly pending?: boolean;
}

/** Somchai buys in the Play sheet. */
export function buy({ play, somchai, tokens }: Scene, productId: string, wish: Wish = {}): string {
  const { purchaseToken } = play.buy({ uid: somchai.uid, packageName: PACKAGE, productId, ...wish });
  tokens.set(productId, purchaseToken);
  return purchaseToken;
}

export function tokenOf({ tokens }: Scene, productId: string): string {
  const token = tokens.get(productId);
  if (token === undefined) throw new Error(`${productId} was not bought`);
  return token;
}

export async function acknowledgedOnce({ play }: Scene, purchaseToken: string): Promise<void> {
  await soon(
    "Google Play: acknowledged, once",
    () => play.purchase(purchaseToken),
    ({ acknowledged, calls }) => acknowledged && calls.acknowledge === 1,
  );
}

import type { ActionInput, BuyInput } from "../../../sandbox/play/inputs.ts";
import { AppError } from "../../../src/domain/errors.ts";
import { DAY, HOUR } from "../../../src/domain/instant.ts";
import { customer as asCustomer, must } from "../../support/builders.ts";
import { PACKAGE } from "../../world/shop.ts";
import type { World } from "../../world/world.ts";

export type Bought = Partial<Omit<BuyInput, "uid" | "packageName" | "productId">> & { readonly by?: string };

/** What people and Google do in a story. A purchase goes by its token. */
export class Stage {
  readonly world: World;
  /** The purchase that the event is about: the last one made, unless the story says otherwise. */
  subject = "";
  /** What the app was told in place of an answer, in order. */
  readonly refusals: string[] = [];

  constructor(world: World) {
    this.world = world;
  }

  /** Somebody buys at Google; the app has not told us yet. */
  async buys(productId: string, { by = "ann", ...more }: Bought = {}): Promise<string> {
    const input = { uid: by, packageName: PACKAGE, productId, ...more };
    this.subject = this.world.sandbox.play.buy(input).purchaseToken;
    await this.world.settle();
    return this.subject;
  }

  /** A monthly subscription is bought in Play, and the app has not told us yet. */
  subscribes(productId = "plan", more: Bought = {}): Promise<string> {
    return this.buys(productId, { basePlanId: "monthly", ...more });
  }

  /** The app presents a purchase, and all that follows is done; what it is refused is noted. */
  async verifies(purchaseToken = this.subject, by = "ann"): Promise<void> {
    const purchase = this.world.sandbox.play.purchase(purchaseToken);
    const productId =
      purchase.type === "subscription" ? must(purchase.items[0]).productId : purchase.productId;
    try {
      await this.world.verify(by, productId, purchaseToken);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.refusals.push(error.code);
    }
    await this.world.settle();
  }

  /** A subscription is bought and the app tells us. */
  async subscribed(productId = "plan", more: Bought = {}): Promise<string> {
    const purchaseToken = await this.subscribes(productId, more);
    await this.verifies(purchaseToken, more.by);
    return purchaseToken;
  }

  /** A one-time product is bought and the app tells us. */
  async bought(productId: string, more: Bought = {}): Promise<string> {
    const purchaseToken = await this.buys(productId, more);
    await this.verifies(purchaseToken, more.by);
    return purchaseToken;
  }

  /** Something happens to the subject at Google. A change of plan makes the new token the subject. */
  async google(action: string, input: ActionInput = {}): Promise<string> {
    this.subject = this.world.sandbox.play.act(this.subject, action, input).purchaseToken;
    await this.world.settle();
    return this.subject;
  }

  /** The plan changes, and the app tells us before any notice does. */
  async changes(input: ActionInput): Promise<void> {
    this.subject = this.world.sandbox.play.act(this.subject, "change_plan", input).purchaseToken;
    await this.verifies();
  }

  /** Any notice of Google's. */
  tells(fields: object): void {
    const eventTimeMillis = String(this.world.clock.now());
    this.world.sandbox.play.publish({ version: "1.0", packageName: PACKAGE, eventTimeMillis, ...fields });
  }

  /** The account id that our service gives the app for a customer. */
  async accountId(customer: string): Promise<string | null> {
    return this.world.accountIds.give(asCustomer(customer));
  }

  /** Orders of the subject, the oldest first. */
  orders(): readonly string[] {
    return this.world.sandbox.play.purchase(this.subject).orderIds;
  }

  days(count: number): Promise<void> {
    return this.world.pass(count * DAY);
  }

  hours(count: number): Promise<void> {
    return this.world.pass(count * HOUR);
  }
}

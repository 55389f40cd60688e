import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import type { Order } from "./model.ts";

type OrderAnswer = androidpublisher_v3.Schema$Order;

const time = (at: number): string => new Date(at).toISOString();

/** What `orders.get` answers (facts section 7); its service period is for accounting, not for access. */
export function orderAnswer(order: Order): OrderAnswer {
  const last = order.refunds.at(-1);
  return {
    orderId: order.orderId,
    purchaseToken: order.purchaseToken,
    state: order.state,
    createTime: time(order.createdAt),
    lastEventTime: time(last?.at ?? order.createdAt),
    buyerAddress: { buyerCountry: "TH" },
    total: order.total,
    orderDetails: { taxInclusive: true },
    lineItems: order.lines.map((line) => lineAnswer(order, line)),
    orderHistory: history(order),
  };
}

function lineAnswer(order: Order, line: Order["lines"][number]): androidpublisher_v3.Schema$LineItem {
  const { productId, basePlanId, startsAt, endsAt } = line;
  if (basePlanId === null) {
    const details = { quantity: order.quantity, purchaseOptionId: "buy-default" };
    return { productId, total: order.total, oneTimePurchaseDetails: details };
  }
  return {
    productId,
    total: order.total,
    subscriptionDetails: {
      basePlanId,
      offerPhaseDetails: { baseDetails: {} },
      servicePeriodStartTime: time(startsAt),
      ...(endsAt === null ? {} : { servicePeriodEndTime: time(endsAt) }),
    },
  };
}

function history(order: Order): androidpublisher_v3.Schema$OrderHistory {
  const full = order.refunds.find((refund) => refund.quantity === null);
  const partial = order.refunds.filter((refund) => refund.quantity !== null);
  return {
    ...(order.state === "PENDING" || order.state === "CANCELED"
      ? {}
      : { processedEvent: { eventTime: time(order.createdAt) } }),
    ...(full === undefined
      ? {}
      : {
          refundEvent: {
            eventTime: time(full.at),
            refundReason: full.chargeback ? "CHARGEBACK" : "OTHER",
            refundDetails: { total: order.total },
          },
        }),
    ...(partial.length === 0
      ? {}
      : { partialRefundEvents: partial.map(({ at }) => ({ createTime: time(at), processTime: time(at) })) }),
  };
}

import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { toVoidedPage } from "../../../src/domain/google-play/voided-purchase.ts";
import { fixture } from "../../support/fixtures.ts";

const SEEN = 1_800_000_000_000;
const token = "hojbnaihflnioncooaeomdgk.AO-J1O";
const read = (...entries: unknown[]) => toVoidedPage({ voidedPurchases: entries }, SEEN);
const orders = (...entries: unknown[]) => read(...entries).voids.map(({ observation }) => observation.order);

describe("Google's list of voids", () => {
  it("is read page by page", () => {
    const first = toVoidedPage(fixture("voided-purchases-page-1"), SEEN);
    expect(first).toMatchObject({ nextPageToken: "CAESEwoP_page2", unreadable: 0 });
    expect(first.voids.map(({ observation }) => observation)).toEqual([
      {
        kind: "voided",
        order: { orderId: "GPA.3374-2474-4815-80290..0", extent: "full", at: 1_796_371_198_000 },
      },
      {
        kind: "voided",
        order: { orderId: "GPA.3377-9701-9154-85887", extent: "units", at: 1_793_758_208_000 },
      },
    ]);
    const last = toVoidedPage(fixture("voided-purchases-last-page"), SEEN);
    expect(last.nextPageToken).toBeNull();
    expect(last.voids.map((one) => one.token.reveal().slice(0, 24))).toEqual(["hojbnaihflnioncooaeomdgk"]);
  });

  it.each([
    [{}],
    [{ voidedPurchases: null }],
    [{ tokenPagination: {} }],
    [{ tokenPagination: { nextPageToken: "" } }],
  ])("may be empty: %j", (json) => {
    expect(toVoidedPage(json, SEEN)).toEqual({ voids: [], unreadable: 0, nextPageToken: null });
  });

  it("writes its numbers as numbers or as text", () => {
    const at = 1_796_371_198_000;
    const expected = { orderId: "GPA.1", extent: "units", at };
    const common = { purchaseToken: token, orderId: "GPA.1" };
    expect(
      orders(
        { ...common, voidedTimeMillis: String(at), voidedQuantity: "2", voidedReason: "7" },
        { ...common, voidedTimeMillis: at, voidedQuantity: 2, voidedReason: 7 },
      ),
    ).toEqual([expected, expected]);
  });

  it("may lack all but the token", () => {
    expect(
      orders({ purchaseToken: token }, { purchaseToken: token, orderId: "", voidedTimeMillis: "soon" }),
    ).toEqual([
      { orderId: null, extent: "full", at: SEEN },
      { orderId: null, extent: "full", at: SEEN },
    ]);
  });

  it("loses nothing by an entry without a token", () => {
    const { voids, unreadable } = read({ orderId: "GPA.1" }, null, "odd", { purchaseToken: token });
    expect([voids.length, unreadable]).toEqual([1, 3]);
  });

  it.each(["", "<html>", null, [], { voidedPurchases: {} }])(
    "is not %j: that is Google's trouble",
    (json) => {
      expect(() => toVoidedPage(json, SEEN)).toThrow(AppError);
    },
  );
});

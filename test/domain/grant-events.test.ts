import { describe, expect, it } from "vitest";
import { type GrantEvent, grantEvents, inCommitOrder } from "../../src/domain/grant-events.ts";
import type { GrantId } from "../../src/domain/ids.ts";
import { grant, NOW } from "../support/builders.ts";

/** `<grant> <type>` */
const words = (events: readonly GrantEvent[]) =>
  events.map(({ type, grant: { id } }) => `${id} ${type.split(".")[1]}`);

const row = (name: string, status: "Pending" | "Delivered" | "Revoked") =>
  grant({ id: name as GrantId, status });

describe("the events of one commit", () => {
  const begins = grantEvents(null, row("new", "Delivered"), NOW);
  const ends = grantEvents(row("old", "Delivered"), row("old", "Revoked"), NOW);

  it("come with what ends before what begins, however they lie", () => {
    const order = ["old revoked", "new created", "new delivered"];
    expect(words(inCommitOrder([...begins, ...ends]))).toEqual(order);
    expect(words(inCommitOrder([...begins].reverse().concat(ends)))).toEqual(order);
  });

  it("tell the life of one grant in its order", () => {
    const short = [
      ...grantEvents(row("new", "Delivered"), row("new", "Revoked"), NOW),
      ...grantEvents(null, row("new", "Delivered"), NOW),
    ];
    expect(words(inCommitOrder(short))).toEqual(["new created", "new delivered", "new revoked"]);
  });

  it("leave each grant's together", () => {
    const other = grantEvents(null, row("other", "Delivered"), NOW);
    expect(words(inCommitOrder([...begins, ...other]))).toEqual([
      "new created",
      "new delivered",
      "other created",
      "other delivered",
    ]);
  });
});

import type { Billed } from "./cost-meter.ts";
import { settled } from "./costed-acts.ts";
import { type Ledger, total } from "./costed-life.ts";
import type { ShopOptions } from "./costed-settings.ts";
import { type CostedShop, NOTHING_SPENT, openCostedShop, type Spent } from "./costed-shop.ts";
import { type Cell, markdown } from "./markdown.ts";

export const FEATURE: ShopOptions = { gives: "feature", tells: false };
export const LICENCE: ShopOptions = { gives: "licence", tells: false };
export const TOLD: ShopOptions = { gives: "licence", tells: true };

const WORDS: Readonly<Record<keyof Spent, string>> = {
  reads: "reads",
  writes: "writes",
  deletes: "deletes",
  google: "Google calls",
  voidLists: "void lists",
  keythai: "KeyThai calls",
  webhooks: "webhooks",
  mails: "letters",
  logBytes: "log bytes",
};
const SPENT = Object.keys(NOTHING_SPENT) as (keyof Spent)[];

/** Runs something in a shop of its own, whose process has had its first customer. */
export type InShop = <T>(options: ShopOptions, run: (shop: CostedShop) => Promise<T>) => Promise<T>;

export function shopsOn(billed: () => Billed): InShop {
  return async (options, run) => {
    const shop = await openCostedShop(billed, options);
    try {
      await settled(shop);
      return await run(shop);
    } finally {
      await shop.close();
    }
  };
}

export function row(name: string, spent: Spent): Cell[] {
  return [name, ...SPENT.map((what) => spent[what])];
}

export function spentTable(title: string, rows: readonly (readonly Cell[])[]): string {
  return markdown([title, ...SPENT.map((what) => WORDS[what])], rows);
}

export function ledgerRows(ledger: Ledger): Cell[][] {
  const rows = Object.entries(ledger).map(([name, { times, spent }]) => row(`${times} × ${name}`, spent));
  return [...rows, row("all", total(ledger))];
}

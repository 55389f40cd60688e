import type { Entitlement } from "./customer.ts";
import type { Scene } from "./scene.ts";
import { soon } from "./teller.ts";
import { minute } from "./wording.ts";

/** The licence that both plans give, each with a key of its own. */
export const LICENCE = "studio_desktop";

type Wanted = Pick<Entitlement, "active" | "state" | "will_renew">;

export async function studioIs({ holdings }: Scene, words: string, wanted: Wanted): Promise<void> {
  await soon(
    (found) => `${holdings.name}: studio is ${words} ${minute(found?.access_until)}`,
    () => holdings.entitlement("studio"),
    (found) =>
      found?.active === wanted.active &&
      found.state === wanted.state &&
      found.will_renew === wanted.will_renew,
  );
}

/** Waits until the licence ends when the entitlement does. @returns When that is, in seconds since 1970. */
export async function licenceEnds(
  { holdings, witness }: Scene,
  wanted: (endsAt: number) => boolean,
): Promise<number> {
  const found = await soon(
    ({ licence }) => `KeyThai: the licence is live, until ${minute((licence?.expiresAt ?? 0) * 1000)}`,
    async () => ({
      licence: await witness.licenceOf(LICENCE),
      until: (await holdings.entitlement(LICENCE))?.access_until ?? null,
    }),
    ({ licence, until }) => {
      const endsAt = licence?.expiresAt ?? 0;
      return licence?.status === "active" && sameSecond(endsAt, until) && wanted(endsAt);
    },
  );
  return found.licence?.expiresAt ?? 0;
}

/** KeyThai counts in seconds. */
function sameSecond(seconds: number, time: string | null): boolean {
  return time !== null && Math.abs(seconds * 1000 - Date.parse(time)) <= 1000;
}

import type { Act } from "./acts.ts";
import type { Sight } from "./life.ts";
import type { Random } from "./random.ts";

/** What goes wrong around us: Google, KeyThai, the store, the network, our own processes. All of it ends in time. */
export function pickTrouble(random: Random, sight: Sight, at: number): Act {
  const kind = random.weighted({ play: 22, keythai: 22, store: 14, misfortune: 30, channel: 12 });
  switch (kind) {
    case "play": {
      const fault = random.weighted({
        status_503: 5,
        status_429: 3,
        hangs: 2,
        unheard: 3,
        lost: 2,
        stale: 4,
      });
      return { at, do: "fault", service: "play", kind: fault, count: random.between(1, 6) };
    }
    case "keythai": {
      const fault = random.weighted({ status_503: 4, status_429: 2, hangs: 1, lost: 3, unheard: 4 });
      return { at, do: "fault", service: "keythai", kind: fault, count: random.between(1, 4) };
    }
    case "store":
      return {
        at,
        do: "fault",
        service: "store",
        kind: random.weighted({ lost: 1, unheard: 1 }),
        count: random.between(1, 3),
      };
    case "misfortune": {
      const how = random.weighted({ dies_before: 3, dies_after: 3, freezes_before: 1, freezes_after: 1 });
      const what = { calls: random.between(1, 25), kind: how, minutes: random.pick([1, 5, 60, 600]) };
      return { at, do: "misfortune", replica: random.between(0, sight.replicas - 1), what };
    }
    case "channel": {
      const bad = { lost: pickShare(random), doubled: pickShare(random), late: pickShare(random) };
      const channel = random.chance(0.4) ? { lost: 0, doubled: 0, late: 0 } : bad;
      return { at, do: "channel", channel };
    }
  }
}

function pickShare(random: Random): number {
  return random.pick([0, 0, 0.1, 0.3, 0.8]);
}

/** The sandbox's idea of now, in milliseconds; tests hand in their own. */
export type Clock = () => number;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The clock cannot be moved so: a 409 of the control API. */
export class ClockRefusal extends Error {
  override readonly name = "ClockRefusal";
}

/** The one clock of a sandbox, which can be moved forward unless its user brought one. */
export type SandboxClock = {
  readonly now: Clock;
  /** Moves on by so many milliseconds and lets everything happen that falls due on the way. */
  advance(ms: number): void;
  /** Moves to this moment (epoch milliseconds), never back. */
  moveTo(at: number): void;
  /** Does the work as of an earlier moment: what fell due while the clock moved happens each in its own time. */
  during<T>(at: number, work: () => T): T;
};

/** `moved` is called after each move; `given` is a clock from outside, which only its owner moves. */
export function createClock(given: Clock | undefined, moved: () => void): SandboxClock {
  const base = given ?? Date.now;
  let ahead = 0;
  let moment: number | null = null;

  function advance(ms: number): void {
    if (given !== undefined)
      throw new ClockRefusal("this sandbox runs on a clock from outside: move that one");
    if (!(ms >= 0)) throw new ClockRefusal("time moves forward only");
    ahead += ms;
    moved();
  }

  return {
    now: () => moment ?? base() + ahead,
    advance,
    moveTo: (at) => advance(at - (base() + ahead)),
    during(at, work) {
      const outer = moment;
      moment = at;
      try {
        return work();
      } finally {
        moment = outer;
      }
    },
  };
}

import PQueue from "p-queue";
import type { Queue } from "../../domain/effect.ts";
import type { Background, Clock, Log } from "../../ports.ts";

export interface DrainableBackground extends Background {
  /** Resolves when nothing runs or waits here, whatever is begun meanwhile. */
  idle(): Promise<void>;
  /** Takes nothing new, and waits for what is running; what waits is left to the outbox. */
  drain(): Promise<void>;
}

export interface BackgroundOptions {
  /** How much of a queue runs at once; more than `waiting` waiting means: no room. */
  readonly limits: (queue: Queue) => { readonly atOnce: number; readonly waiting: number };
  readonly log: Pick<Log, "error">;
  readonly clock: Pick<Clock, "monotonic">;
}

interface Lane {
  readonly tasks: PQueue;
  readonly waiting: number;
  /** On the clock's monotonic time: no room until then. */
  pausedUntil: number;
}

/** Work after the answer: each queue bounded by itself in how much runs and in how much waits. */
export function createBackground({ limits, log, clock }: BackgroundOptions): DrainableBackground {
  const lanes = new Map<Queue, Lane>();
  let closing = false;

  const laneOf = (queue: Queue): Lane => {
    const known = lanes.get(queue);
    if (known !== undefined) return known;
    const { atOnce, waiting } = limits(queue);
    const lane = { tasks: new PQueue({ concurrency: atOnce }), waiting, pausedUntil: 0 };
    lanes.set(queue, lane);
    return lane;
  };

  const idle = () => Promise.all([...lanes.values()].map(({ tasks }) => tasks.onIdle()));
  const busy = () => [...lanes.values()].some(({ tasks }) => tasks.size + tasks.pending > 0);

  return {
    hasRoom: (queue = "core") => {
      const { tasks, waiting, pausedUntil } = laneOf(queue);
      return !closing && tasks.size < waiting && clock.monotonic() >= pausedUntil;
    },
    run: (task, queue = "core") => {
      if (closing) return;
      const { tasks } = laneOf(queue);
      tasks.add(task).catch((error) => log.error("background.bug", {}, error));
    },
    pause: (queue, ms) => {
      const lane = laneOf(queue);
      lane.pausedUntil = Math.max(lane.pausedUntil, clock.monotonic() + ms);
    },
    idle: async () => {
      // One task may begin another, in another queue.
      while (busy()) await idle();
    },
    drain: async () => {
      closing = true;
      for (const { tasks } of lanes.values()) tasks.clear();
      await idle();
    },
  };
}

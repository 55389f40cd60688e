import PQueue from "p-queue";
import type { Background, Log } from "../../ports.ts";

export interface DrainableBackground extends Background {
  /** Takes nothing new, and waits for what is running; what waits is left to the outbox. */
  drain(): Promise<void>;
}

export interface BackgroundOptions {
  readonly atOnce: number;
  /** More than this waiting means: no room. */
  readonly waiting: number;
  readonly log: Pick<Log, "error">;
}

/** Work after the answer: bounded in how much runs and in how much waits. */
export function createBackground({ atOnce, waiting, log }: BackgroundOptions): DrainableBackground {
  const queue = new PQueue({ concurrency: atOnce });
  let closing = false;
  return {
    hasRoom: () => !closing && queue.size < waiting,
    run: (task) => {
      if (closing) return;
      queue.add(task).catch((error) => log.error("background.bug", {}, error));
    },
    drain: async () => {
      closing = true;
      queue.clear();
      await queue.onIdle();
    },
  };
}

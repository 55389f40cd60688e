import type { Notification } from "../../sandbox/rtdn/publisher.ts";
import type { Instant } from "../../src/domain/instant.ts";
import type { handleNotification } from "../../src/use-cases/handle-notification.ts";

/**
 * What becomes of a notice: after how many ms each of its copies comes. `[]`: lost; `[0]`: on time; `[0, 0]`: doubled;
 * `[Infinity]`: held until it is shuffled in.
 */
export type Manner = (notice: Notification) => readonly number[];

export const ON_TIME: Manner = () => [0];
export const LOST: Manner = () => [];
export const DOUBLED: Manner = () => [0, 0];
export const HELD: Manner = () => [Number.POSITIVE_INFINITY];

/** A copy of a notice under way. */
export interface Underway {
  readonly notice: Notification;
  readonly at: Instant;
  /** Tries before this one: refused, it comes again. */
  readonly tries: number;
}

/** Between Google and us: what Pub/Sub does to notices, at least once and in no order unless the manner gives one. */
export interface NoticeChannel {
  /** What becomes of the notices that Google makes from now on. */
  manner: Manner;
  /** Every copy that hasn't come yet. */
  readonly underway: readonly Underway[];
  /** Takes out what is due, in order of time; of equals what was sent first. */
  due(now: Instant): Underway[];
  /** Refused: it comes again, later each time as Pub/Sub has it (10 s to 600 s). */
  again(copy: Underway, now: Instant): void;
  /** All that is under way comes now, in an order that chance makes. */
  shuffle(chance: () => number, now: Instant): void;
  /** What is under way never comes. */
  loseAll(): void;
  nextAt(): Instant | null;
}

export function createNoticeChannel(now: () => Instant): NoticeChannel & {
  take(notice: Notification): void;
} {
  let underway: Underway[] = [];
  const channel = {
    manner: ON_TIME,
    get underway() {
      return underway;
    },
    take(notice: Notification) {
      for (const ms of channel.manner(notice)) underway.push({ notice, at: now() + ms, tries: 0 });
    },
    due(until: Instant) {
      const due = underway.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      underway = underway.filter(({ at }) => at > until);
      return due;
    },
    again({ notice, tries }: Underway, from: Instant) {
      const ms = Math.min(600_000, 10_000 * 2 ** tries);
      underway.push({ notice, at: from + ms, tries: tries + 1 });
    },
    shuffle(chance: () => number, at: Instant) {
      const drawn = underway.map((copy) => ({ copy: { ...copy, at }, place: chance() }));
      underway = drawn.sort((a, b) => a.place - b.place).map(({ copy }) => copy);
    },
    loseAll() {
      underway = [];
    },
    nextAt: () => {
      const next = Math.min(...underway.map(({ at }) => at));
      return Number.isFinite(next) ? next : null;
    },
  };
  return channel;
}

/** The message as Pub/Sub's push brings it. */
export function toMessage({ messageId, body }: Notification): Parameters<typeof handleNotification>[1] {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { messageId, source: "push", text, broken: "not_base64", raw: text };
}

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Clock, Outbox } from "../../ports.ts";

export interface Metrics {
  count(
    event: string,
    level: string,
    labels: { kind: string; outcome: string },
    seconds: number | null,
  ): void;
  /** Prometheus text. */
  text(): Promise<{ contentType: string; body: string }>;
}

/** What has happened here, and how much is waiting. */
export function createMetrics(ports: { outbox: Outbox; clock: Clock }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const events = new Counter({
    name: "playgrant_events_total",
    help: "Log lines by event, level, kind and outcome",
    labelNames: ["event", "level", "kind", "outcome"],
    registers,
  });
  const seconds = new Histogram({
    name: "playgrant_event_seconds",
    help: "How long requests and effects took",
    labelNames: ["event", "kind"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const due = new Gauge({ name: "playgrant_effects_due", help: "Effects that are due", registers });
  const oldest = new Gauge({
    name: "playgrant_effects_oldest_seconds",
    help: "Age of the oldest due effect",
    registers,
  });
  return {
    count: (event, level, labels, took) => {
      events.inc({ event, level, ...labels });
      if (took !== null) seconds.observe({ event, kind: labels.kind }, took);
    },
    text: async () => {
      const now = ports.clock.now();
      const backlog = await ports.outbox.backlog(now);
      due.set(backlog.due);
      oldest.set(backlog.oldestDueAt === null ? 0 : (now - backlog.oldestDueAt) / 1000);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

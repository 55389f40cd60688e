import type { HttpBindings } from "@hono/node-server";

/** What Hono carries through the sandbox: the raw request and answer, for faults that cut connections. */
export type SandboxEnv = { Bindings: HttpBindings; Variables: { stale?: boolean } };

import type { HttpBindings } from "@hono/node-server";

/**
 * What Hono carries through the sandbox: the raw request and answer, for faults that cut connections. A request
 * that came by `fetch` in this process has neither.
 */
export type SandboxEnv = { Bindings: Partial<HttpBindings>; Variables: { stale?: boolean } };

import { serve } from "@hono/node-server";
import { createReceiver } from "./receiver.ts";
import { createGrantStore } from "./store.ts";

const { WEBHOOK_SECRET = "", GRANTS_FILE = "", PORT = "3000", HOST = "127.0.0.1" } = process.env;

if (!/^whsec_\S+$/.test(WEBHOOK_SECRET)) {
  process.stderr.write("WEBHOOK_SECRET: expected whsec_…, as playgrant shows it once\n");
  process.exit(78);
}

const app = createReceiver(WEBHOOK_SECRET, createGrantStore(GRANTS_FILE || null));
const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: HOST }, ({ port }) => {
  process.stdout.write(`listening on http://${HOST}:${port}\n`);
});

process.once("SIGTERM", () => server.close());

import { type ServerType, serve } from "@hono/node-server";
import { compose, type Service } from "./compose.ts";
import type { Config } from "./config.ts";
import { ConfigError, readSettings } from "./config-files.ts";
import { handleNotification } from "./use-cases/handle-notification.ts";
import { startWorker } from "./worker.ts";

/** EX_CONFIG of sysexits.h: a restart won't help, a person must. */
const EXIT_CONFIG = 78;
/** Cloud Run and Kubernetes kill after 10 s. */
const SHUTDOWN_MS = 9_000;
/** A request under way is answered within VERIFY_WAIT_MS and Google's time budget, or not at all. */
const LAST_REQUESTS_MS = 7_000;

type Stop = () => Promise<void>;

function composeOrFail(): { config: Config; service: Service } {
  try {
    const config = readSettings();
    return { config, service: compose(config) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`playgrant can't start, ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

async function startApi(service: Service, config: Config): Promise<Stop> {
  const { fetch } = await service.app();
  const server = await new Promise<ServerType>((resolve, reject) => {
    const started = serve({ fetch, port: config.PORT, hostname: config.HOST }, (address) => {
      service.ports.log.info("listening", { port: address.port });
      resolve(started);
    });
    started.once("error", reject);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      if (!("closeAllConnections" in server)) return;
      server.closeIdleConnections();
      // A connection that never asked anything would hold the door open for good.
      setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS).unref();
    });
}

async function startSubscriber({ ports }: Service, config: Config): Promise<Stop> {
  // Loaded only where it is needed: it is the heaviest of Google's clients.
  const subscriber = await import("./adapters/pubsub/subscriber.ts");
  const { close } = subscriber.startSubscriber({
    projectId: config.GOOGLE_CLOUD_PROJECT ?? "",
    subscription: config.RTDN_SUBSCRIPTION,
    maxMessages: 100,
    log: ports.log,
    handle: ({ messageId, data }) => {
      const raw = data.toString("base64");
      return handleNotification(ports, {
        messageId,
        source: "pull",
        text: data.toString("utf8"),
        raw,
        broken: "not_base64",
      });
    },
  });
  return close;
}

/** @param stops Gets how to stop each role as soon as it runs. */
async function start(service: Service, config: Config, stops: Stop[]): Promise<void> {
  const roles = new Set(config.PLAYGRANT_ROLES);
  if (roles.has("worker")) stops.push(startWorker(service.ports).stop);
  // The embedded store of the demo has no Pub/Sub beside it: notices are pushed there.
  if (roles.has("subscriber") && config.GOOGLE_CLOUD_PROJECT !== undefined) {
    stops.push(await startSubscriber(service, config));
  }
  if (roles.has("api")) stops.push(await startApi(service, config));
}

/** Takes no new work, finishes or hands back what is in flight, and is gone in time. */
function stopOnSignal(service: Service, stops: readonly Stop[]): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), SHUTDOWN_MS).unref();
    await Promise.all(stops.map((each) => each()));
    await service.close();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

const { config, service } = composeOrFail();
const stops: Stop[] = [];
// Before anything runs: who is told to stop while still starting stops too.
stopOnSignal(service, stops);
await start(service, config, stops);
service.ports.log.info("started", { roles: config.PLAYGRANT_ROLES });
await service.warmUp();

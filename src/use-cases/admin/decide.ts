import type { Instant } from "../../domain/instant.ts";
import type { Decision, FileIds, PurchaseFile } from "../../domain/purchase-file.ts";
import type { Ports, Started } from "../../ports.ts";

export type DecidePorts = Pick<Ports, "store" | "clock" | "background" | "effects">;

/**
 * Commits what a person decided; what it sets going outside begins at once.
 *
 * @throws AppError `store_unavailable`.
 */
export async function decide<T>(
  ports: DecidePorts,
  ids: FileIds,
  decision: (file: PurchaseFile, now: Instant) => Decision<T>,
): Promise<{ readonly result: T; readonly started: Started }> {
  const { result, leased } = await ports.store.update(ids, (file) => decision(file, ports.clock.now()), {
    run: ports.background.hasRoom(),
  });
  return { result, started: ports.effects.start(leased) };
}

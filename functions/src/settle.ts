import { theService } from "./service.ts";

/**
 * Waits for what is under way in this instance: once nothing runs here any more, the processor is taken away. Not for ever,
 * since one slow receiver would hold up all that wait; what goes on longer is picked up by `effects`, when its lease has run
 * out.
 *
 * @param ms How long at most.
 */
export async function settle(ms: number): Promise<void> {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const late = setTimeout(resolve, ms);
  await Promise.race([theService().idle(), enough]);
  clearTimeout(late);
}

/** A request under way: its Idempotency-Key is kept before the first try, so that after a reload the same request is the same operation. */
import type { Request } from "./service";

const KEPT = "rds-operations.request";

export function keyFor(request: Request): string {
  const body = JSON.stringify(request);
  const [keptBody, keptKey] = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]") as string[];
  if (keptBody === body) return keptKey;
  const key = crypto.randomUUID();
  sessionStorage.setItem(KEPT, JSON.stringify([body, key]));
  return key;
}

/** The service has answered: the same request would be a new one. */
export const answered = (): void => sessionStorage.removeItem(KEPT);

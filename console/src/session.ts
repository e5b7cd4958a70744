/** Who is signed in: an API key, kept for this tab alone and forgotten with it. */
import { type Me, Service } from "./service";

const KEPT = "rds-operations.api-key";

export interface Session {
  me: Me;
  service: Service;
}

export const keptKey = (): string => sessionStorage.getItem(KEPT) ?? "";

/** Try the key, and keep it if it opens the API. Throws a Refusal. */
export async function signIn(key: string): Promise<Session> {
  const service = new Service({ "x-api-key": key });
  const me = await service.me();
  sessionStorage.setItem(KEPT, key);
  return { me, service };
}

export const forget = (): void => sessionStorage.removeItem(KEPT);

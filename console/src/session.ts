/** Who is signed in, for this tab alone: by an API key, or with the user pool. Nothing outlives the tab. */
import type { Config } from "./config";
import { type Me, type Refusal, Service } from "./service";
import { UserPool } from "./user_pool";

const KEPT = "rds-operations.api-key";

export interface Session {
  me: Me;
  service: Service;
  pool?: UserPool;
}

/** Try the key, and keep it if it opens the API. Throws a Refusal. */
export async function signIn(key: string): Promise<Session> {
  const service = new Service(async () => ({ "x-api-key": key }));
  const me = await service.me();
  sessionStorage.setItem(KEPT, key);
  return { me, service };
}

/** Return the session that the tab has, or that the pool's sign-in pages have just sent it back with. */
export async function resumed(config: Config): Promise<Session | undefined> {
  const key = sessionStorage.getItem(KEPT);
  if (key) return signIn(key);
  if (!config.sign_in) return undefined;
  const pool = new UserPool(config.sign_in, config.region);
  if (!(await pool.resumed())) return undefined;
  const service = new Service(async () => ({ Authorization: await pool.token() }));
  try {
    return { me: await service.me(), service, pool };
  } catch (error) {
    if ((error as Refusal).isSignedOut) await pool.forget();
    throw error;
  }
}

/** Whether the tab has what may let it in again: then the list of views is there from the start, and nothing jumps. */
export const mayResume = (): boolean => Object.keys(sessionStorage).some((name) => name === KEPT || name.startsWith("oidc.user:"));

export const forget = (): void => sessionStorage.removeItem(KEPT);

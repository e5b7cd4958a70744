/** What a page does with the API, in the types of docs/openapi.json: docs/api.md says how they are made. */
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: { API: string; KEY: string; INSTANCE: string; PRODUCTION: string } };
const { API, KEY, INSTANCE, PRODUCTION } = process.env;
const api = createClient<paths>({ baseUrl: API, headers: { "x-api-key": KEY } });
type Request = components["schemas"]["Request"];
type Refused = { code?: string; error: string };

/** Return what was asked for, or throw what a person can read. */
function told<T>({ data, error }: { data?: T; error?: Refused }): T {
  if (error || data === undefined) throw new Error(`${error?.code}: ${error?.error}`);
  return data;
}

async function showInstances(): Promise<void> {
  let next: string | undefined;
  do {
    const page = told(await api.GET("/instances", { params: { query: { limit: 100, next } } }));
    for (const { instance_id, environment, operations } of page.instances) {
      const reboot = operations.reboot_instance;
      console.log(`${instance_id} (${environment}):`, reboot.allowed ? "can reboot" : `${reboot.code}: ${reboot.error}`);
    }
    next = page.next;
  } while (next);
}

async function start(body: Request): Promise<string> {
  const would = told(await api.POST("/operations", { body: { ...body, dry_run: true } }));
  if ("accepted" in would) console.log(`nothing is against it in ${would.environment}`, ...would.warnings);
  const header = { "Idempotency-Key": crypto.randomUUID() };
  const begun = told(await api.POST("/operations", { body, params: { header } }));
  if ("accepted" in begun) throw new Error("a dry run was not asked for");
  return begun.operation_id;
}

async function follow(operation_id: string): Promise<void> {
  for (;;) {
    const answer = await api.GET("/operations/{operation_id}", { params: { path: { operation_id } } });
    const operation = told(answer);
    if (operation.finished) {
      return console.log(operation.success ? "done:" : `${operation.code}: ${operation.error}`, operation.status);
    }
    const seconds = Number(answer.response.headers.get("Retry-After"));
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

async function showHistory(instance_id: string): Promise<void> {
  const page = told(await api.GET("/operations", { params: { query: { instance_id } } }));
  for (const past of page.operations) console.log(past.requested_at, past.operation, past.status, past.parameters);
}

await showInstances();
await follow(await start({ operation: "reboot_instance", instance_id: INSTANCE }));
await start({ operation: "reboot_instance", instance_id: PRODUCTION }).catch((error) => console.log(error.message));
await showHistory(INSTANCE);

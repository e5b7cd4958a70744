/** What has happened, as rows: operations, or requests that were refused. */
import { outcome } from "./outcome";
import type { AuditRecord, Operation, Query, Service } from "./service";
import { instanceOf, OPERATIONS } from "./words";

export const OUTCOMES = [
  { value: "", label: "Operations, any outcome" },
  { value: "open", label: "Operations that are running" },
  { value: "succeeded", label: "Operations that succeeded" },
  { value: "failed", label: "Operations that failed or timed out" },
  { value: "refused", label: "Refused requests" },
] as const;

export interface Filters {
  instance: string;
  who: string;
  from: string;
  to: string;
  outcome: string;
}

export interface Row {
  key: string;
  at: string;
  operation: string;
  instance: string;
  /** `-` where the request named none. */
  account: string;
  region: string;
  parameters: string;
  endedAt: string;
  who: string;
  outcome: string;
  type: "in-progress" | "success" | "error" | "warning" | "stopped";
  said: string;
  /** Empty where nothing was started. */
  id: string;
}

export interface Page {
  rows: Row[];
  next?: string;
  note?: string;
}

const FAILED: Record<string, Query<"/operations">> = {
  open: { finished: "false" },
  succeeded: { failed: "false", finished: "true" },
  failed: { failed: "true" },
};

export const filtersOf = (query: URLSearchParams): Filters => {
  const said = (name: keyof Filters): string => query.get(name) ?? "";
  return { instance: said("instance"), who: said("who"), from: said("from"), to: said("to"), outcome: said("outcome") };
};

export async function read(service: Service, filters: Filters, next?: string, limit = 25): Promise<Page> {
  const { instance, who, from, to, outcome: wanted } = filters;
  const asked = { instance_id: instance || undefined, principal: who || undefined, from: from || undefined, to: to || undefined, limit, next };
  if (wanted === "refused") {
    const page = await service.records({ ...asked, event: "refused" });
    return { ...page, rows: page.records.map(refused) };
  }
  const page = await service.operations({ ...asked, ...FAILED[wanted] });
  return { ...page, rows: page.operations.map(begun) };
}

function begun(operation: Operation): Row {
  const { type, short, said, next } = outcome(operation);
  const { account_id, region } = instanceOf(operation);
  return {
    key: operation.operation_id,
    at: operation.requested_at,
    operation: OPERATIONS[operation.operation].name,
    instance: operation.instance_id,
    account: account_id,
    region,
    parameters: JSON.stringify(operation.parameters),
    endedAt: (operation.finished && operation.ended_at) || "",
    who: operation.requested_by,
    outcome: short,
    type,
    said: operation.finished ? next : said,
    id: operation.operation_id,
  };
}

function refused(record: AuditRecord): Row {
  const { error } = record.result;
  return {
    key: record.audit_id,
    at: record.timestamp,
    operation: record.operation === "-" ? "-" : OPERATIONS[record.operation].name,
    instance: record.instance_id,
    account: record.account_id,
    region: record.region,
    parameters: JSON.stringify(record.parameters),
    endedAt: "",
    who: record.user_identity.userId ?? "",
    outcome: record.dry_run ? "refused at the check" : "refused",
    type: "stopped",
    said: typeof error === "string" ? error : "",
    id: "",
  };
}

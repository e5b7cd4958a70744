/** What things are called on the page. */
import type { Instance, Live, Operation, OperationName, Request } from "./service";

export const OPERATIONS: Record<OperationName, { name: string; act: string }> = {
  create_snapshot: { name: "Snapshot", act: "Take a snapshot" },
  reboot_instance: { name: "Reboot", act: "Reboot" },
  modify_backup_window: { name: "Backup window", act: "Move the backup window" },
};

export const NAMES = Object.keys(OPERATIONS) as OperationName[];

export const placeOf = ({ account_id, region }: Pick<Instance, "account_id" | "region">): string =>
  `${account_id} ${region}`;

/** Return which instance it is, and where. An operation at the service's own place does not say so; its execution's ARN does. */
export function instanceOf(operation: Operation): Pick<Instance, "instance_id" | "account_id" | "region"> {
  const [, , , region, account_id] = operation.execution_arn.split(":");
  return { instance_id: operation.instance_id, account_id: operation.account_id ?? account_id, region: operation.region ?? region };
}

export const allowedOf = ({ operations }: Pick<Instance, "operations">): OperationName[] => NAMES.filter((name) => operations[name].allowed);

export function duration(seconds?: number): string {
  if (seconds === undefined) return "";
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** Join what the service said: its notes have no full stop. */
export const sentences = (...said: (string | undefined)[]): string =>
  said
    .filter((text) => text !== undefined && text !== "")
    .map((text) => (/[.!?]$/.test(text!) ? text : `${text}.`))
    .join(" ");

/** In the reader's own zone, with UTC beside it. */
export function moment(at: string): string {
  const date = new Date(at);
  const here = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return `${here} (${date.toISOString().slice(11, 16)} UTC)`;
}

/** Say what the database will feel. */
export function effectOf({ operation, parameters }: Request, { instance_id, multi_az, engine, backup_window }: Live): string {
  if (operation === "create_snapshot") {
    const isFromStandby = multi_az && !engine.startsWith("sqlserver");
    const pause = isFromStandby ? "It is taken from the standby." : "I/O may pause for a moment.";
    const tags = parameters.tags?.map(({ Key, Value }) => `${Key}=${Value}`).join(", ");
    return `This takes the snapshot ${parameters.snapshot_id.toLowerCase()} of ${instance_id}. ${pause}${tags ? ` Its tags: ${tags}.` : ""}`;
  }
  if (operation === "reboot_instance") {
    return parameters?.force_failover
      ? `This fails ${instance_id} over to its standby in another Availability Zone: all connections are interrupted.`
      : `This reboots ${instance_id}: all connections are interrupted until it is available again.`;
  }
  return `This moves the daily backups of ${instance_id} from ${backup_window} to ${parameters.backup_window} UTC.`;
}
